import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { callTrace, toolSpanContext, turnSpanId, turnTrace } from '../../../../runtime/telemetry/span-ids.ts';

const turn = (traceparent: string | null) => ({ id: 't1', sessionId: 's1', input: { traceparent } });
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const own = createHash('sha256').update('trace s1 t1').digest('hex').slice(0, 32);

it('a turn goes on in the trace of its caller, sampled or not', () => {
  for (const flags of ['00', '01'])
    expect(turnTrace(turn(`00-${traceId}-00f067aa0ba902b7-${flags}`))).toEqual({
      ...{ traceId, parentSpanId: '00f067aa0ba902b7' },
    });
  expect(turnTrace(turn(`cc-${traceId}-00f067aa0ba902b7-01-later`)).traceId).toBe(traceId);
});

it.each([
  null,
  '',
  'nonsense',
  `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
  `00-${traceId}-${'0'.repeat(16)}-01`,
  `ff-${traceId}-00f067aa0ba902b7-01`,
  `00-${traceId.toUpperCase()}-00f067aa0ba902b7-01`,
  `00-${traceId}-00f067aa0ba902b7`,
])('without one, or with %j, the trace is its own', (traceparent) => {
  expect(turnTrace(turn(traceparent))).toEqual({ traceId: own, parentSpanId: undefined });
});

it('ids of spans differ by session, turn and part, and are the same every time', () => {
  const ids = [
    turnSpanId({ id: 't1', sessionId: 's1' }, 'chat 0 0'),
    turnSpanId({ id: 't1', sessionId: 's1' }, 'chat 0 1'),
    turnSpanId({ id: 't2', sessionId: 's1' }, 'chat 0 0'),
    turnSpanId({ id: 't1', sessionId: 's2' }, 'chat 0 0'),
  ];
  expect(new Set(ids).size).toBe(4);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{16}$/);
  expect(turnSpanId({ id: 't1', sessionId: 's1' }, 'chat 0 0')).toBe(ids[0]);
});

it('a tool is sent the context of the span that it will have', () => {
  const context = toolSpanContext(turn(null), { step: 2, callId: 'call_1' });
  expect(context).toBe(`00-${own}-${turnSpanId(turn(null), 'tool 2 call_1')}-01`);
  expect(toolSpanContext(turn(null), { step: 3, callId: 'call_1' })).not.toBe(context);
});

it('a call of the gateway has a trace as a turn has', () => {
  expect(callTrace({ id: 'c1', traceparent: `00-${traceId}-00f067aa0ba902b7-01` }).traceId).toBe(traceId);
  expect(callTrace({ id: 'c1', traceparent: null }).traceId).not.toBe(
    callTrace({ id: 'c2', traceparent: null }).traceId,
  );
});
