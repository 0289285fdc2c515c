import { expect, test } from 'vitest';
import { findRepeatedExecutions } from '../../../../../server/domain/settlement/tool-executions.ts';
import type { Skeleton } from '../../../../../server/domain/settlement/skeleton.ts';
import { TraceTree } from '../../../../../server/domain/settlement/trace-tree.ts';
import { call, span } from './skeletons.ts';

const tool = (spanId: string, parentSpanId: string, fields: Partial<Skeleton> = {}) =>
  span(spanId, { parentSpanId, kind: 'tool', toolName: 'get_weather', ...fields });

/** `span id: the one that stands for it`. `callIds` by span id. */
function repeated(spans: readonly Skeleton[], callIds: Record<string, string> = {}): Record<string, string> {
  const trees = [...Map.groupBy(spans, ({ traceId }) => traceId).values()].map((trace) => new TraceTree(trace));
  const found = findRepeatedExecutions(trees, ({ spanId }) => callIds[spanId] ?? '');
  return Object.fromEntries([...found].map(([copy, kept]) => [copy.spanId, kept.spanId]));
}

test('the client and the server of an MCP call are one execution, of which the outermost span stands for all', () => {
  expect(
    repeated([
      span('agent', { kind: 'agent' }),
      tool('framework', 'agent'),
      tool('client', 'framework', { scopeName: 'mcp-client' }),
      span('http', { parentSpanId: 'client' }),
      tool('server', 'http', { scopeName: 'mcp-server', serviceName: 'weather' }),
    ]),
  ).toEqual({ client: 'framework', server: 'framework' });
});

test('a tool that runs another tool is two executions, and so is one that runs itself', () => {
  expect(repeated([tool('plan', '', { toolName: 'plan' }), tool('inner', 'plan')])).toEqual({});
  expect(repeated([tool('outer', ''), tool('other', 'outer', { toolName: 'other' }), tool('again', 'other')])).toEqual(
    {},
  );
  expect(repeated([tool('outer', ''), tool('again', 'outer')], { outer: 'call_1', again: 'call_2' })).toEqual({});
  expect(repeated([tool('outer', ''), tool('again', 'outer')], { outer: 'call_1', again: 'call_1' })).toEqual({
    again: 'outer',
  });
});

test('what a sub-agent or a model below a tool calls is another execution', () => {
  expect(
    repeated([tool('outer', ''), span('sub', { parentSpanId: 'outer', kind: 'agent' }), tool('in', 'sub')]),
  ).toEqual({});
  expect(repeated([tool('outer', ''), call('chat', 1, 1, { parentSpanId: 'outer' }), tool('in', 'chat')])).toEqual({});
});

test('tools without a name, and control that passes on, stand for themselves', () => {
  expect(repeated([tool('a', '', { toolName: '' }), tool('b', 'a', { toolName: '' })])).toEqual({});
  const handoff = { operation: 'handoff', toolName: 'transfer' };
  expect(repeated([tool('a', '', handoff), tool('b', 'a', handoff)])).toEqual({});
});

test('one call id seen by two instrumentations is one execution, also in another trace', () => {
  const [first, second] = [{ scopeName: 'gen_ai' }, { scopeName: 'ai', traceId: 'u', startNs: 1_000_000_001n }];
  const spans = [tool('b', '', second), tool('a', '', first)];
  expect(repeated(spans, { a: 'call_1', b: 'call_1' })).toEqual({ b: 'a' });
  expect(repeated(spans, { a: 'call_1', b: 'call_2' })).toEqual({});
});

test('one call id seen twice by one instrumentation is two executions', () => {
  const at = (startNs: bigint, scopeName: string) => ({ startNs, scopeName });
  const spans = [
    tool('a1', '', at(1n, 'a')),
    tool('b1', '', at(2n, 'b')),
    tool('a2', '', at(3n, 'a')),
    tool('b2', '', at(4n, 'b')),
    tool('b3', '', at(5n, 'b')),
  ];
  const ids = { a1: 'call_0', a2: 'call_0', b1: 'call_0', b2: 'call_0', b3: 'call_0' };
  expect(repeated(spans.slice(0, 1).concat(spans.slice(2, 3)), ids)).toEqual({});
  expect(repeated(spans, ids)).toEqual({ b1: 'a1', b2: 'a2' });
});

test('a nest that is itself seen twice has one span that stands for all', () => {
  const spans = [
    tool('a', '', { scopeName: 'a' }),
    tool('b', '', { scopeName: 'b', startNs: 1_000_000_001n }),
    tool('server', 'b', { scopeName: 'mcp', startNs: 1_000_000_002n }),
  ];
  expect(repeated(spans, { a: 'call_1', b: 'call_1' })).toEqual({ b: 'a', server: 'a' });
});
