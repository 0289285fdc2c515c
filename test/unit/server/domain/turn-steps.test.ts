import { describe, expect, it } from 'vitest';
import type { Skeleton } from '../../../../server/domain/settlement/skeleton.ts';
import type { SessionTurn } from '../../../../server/domain/settlement/turns.ts';
import { assignSteps, type TurnSpan } from '../../../../server/domain/turn-steps.ts';
import { span } from './settlement/skeletons.ts';

const given = { inputMessageCount: 0, userMessageCount: 0, lastUserMessage: 0n };
const member = (id: string, at: number, fields: Partial<Skeleton> = {}): TurnSpan => ({
  span: span(id, { startNs: BigInt(at), endNs: BigInt(at + 1), ...fields }),
  ...{ given, hasOutput: false, toolCallId: '' },
});
const turn = (...parts: [traceId: string, at: number][]): SessionTurn => ({
  startNs: BigInt(parts[0]?.[1] ?? 0),
  parts: parts.map(([traceId, at]) => ({ traceId, startNs: BigInt(at), endNs: BigInt(at), isError: false, ...given })),
});

function assign(turns: SessionTurn[], spans: TurnSpan[]): string[][] {
  const assigned = assignSteps('s', turns, spans);
  return turns.map((one) => (assigned.get(one)?.steps ?? []).map((step) => step.span.spanId));
}

describe('the steps of turns', () => {
  const own = { sessionId: 's' };

  it('are in the last turn of their trace that had begun', () => {
    const spans = [1, 5, 9, 10, 11, 20].map((at) => member(String(at), at, own));
    expect(assign([turn(['t', 5]), turn(['t', 10]), turn(['t', 20])], spans.toReversed())).toEqual([
      ['1', '5', '9'],
      ['10', '11'],
      ['20'],
    ]);
  });

  it('of several traces come in order of start', () => {
    const spans = [member('b', 2, { ...own, traceId: 'u' }), member('a', 1, own), member('c', 3, own)];
    expect(assign([turn(['t', 1], ['u', 2])], spans)).toEqual([['a', 'b', 'c']]);
  });

  it('belong to the session themselves or by what they inherit', () => {
    const spans = [
      member('root', 0),
      member('agent', 1, { ...own, parentSpanId: 'root' }),
      member('call', 2, { parentSpanId: 'agent' }),
      member('other', 3, { parentSpanId: 'root', sessionId: 'another' }),
      member('inner', 4, { parentSpanId: 'other' }),
    ];
    expect(assign([turn(['t', 0])], spans)).toEqual([['agent', 'call']]);
  });

  it('say who speaks with the user and what failed the trace', () => {
    const turns = [turn(['t', 0]), turn(['t', 3])];
    const assigned = assignSteps('s', turns, [
      member('root', 0, { ...own, isError: true }),
      member('tool', 1, { parentSpanId: 'root', kind: 'tool' }),
      member('inner', 2, { parentSpanId: 'tool', kind: 'llm' }),
      member('call', 3, { parentSpanId: 'root', kind: 'llm' }),
    ]);
    const steps = turns.flatMap((one) => assigned.get(one)?.steps ?? []);
    expect(steps.map((step) => [step.span.spanId, step.isUserFacing, step.isRoot])).toEqual([
      ['root', true, true],
      ['tool', false, false],
      ['inner', false, false],
      ['call', true, false],
    ]);
    // The root began in the first turn and failed when the last ended.
    expect(turns.map((one) => assigned.get(one)?.failedRoots.map((step) => step.span.spanId))).toEqual([[], ['root']]);
  });

  it('say which of them record one execution of a tool', () => {
    const tool = { kind: 'tool', toolName: 'search' } as const;
    const turns = [turn(['t', 0])];
    const assigned = assignSteps('s', turns, [
      member('agent', 0, own),
      member('client', 1, { ...tool, parentSpanId: 'agent' }),
      member('server', 2, { ...tool, parentSpanId: 'client' }),
      { ...member('copy', 3, { ...tool, parentSpanId: 'agent', scopeName: 'other' }), toolCallId: 'call_1' },
      { ...member('first', 2, { ...tool, parentSpanId: 'agent' }), toolCallId: 'call_1' },
    ]);
    const steps = turns.flatMap((one) => assigned.get(one)?.steps ?? []);
    expect(steps.flatMap(({ span: { spanId }, repeats }) => (repeats ? [[spanId, repeats.spanId]] : []))).toEqual([
      ['server', 'client'],
      ['copy', 'first'],
    ]);
  });

  it('of a trace without turns are nowhere', () => {
    expect(assign([turn(['u', 0])], [member('a', 0, own)])).toEqual([[]]);
  });
});
