import { describe, expect, it } from 'vitest';
import type { Message, SpanDetail } from '../../../../ui/api/types.ts';
import { type ToolCall, type ToolResponse, pairToolCalls } from '../../../../ui/trace/tool-pairs.ts';
import { listToolSpans, matchToolSpans } from '../../../../ui/trace/tool-spans.ts';
import { makeSpan, makeTrace } from './trace-fixture.ts';

const call = (id: string | null, name = 'lookup'): ToolCall => ({
  type: 'tool_call',
  id,
  name,
  arguments: {},
});
const response = (id: string | null, result: unknown, name?: string): ToolResponse => ({
  type: 'tool_call_response',
  id,
  result,
  ...(name !== undefined && { name }),
});
const say = (role: string, ...parts: Message['parts']): Message => ({ role, parts });

describe('tool calls and responses', () => {
  it('meet by call id across messages', () => {
    const [first, second] = [call('1'), call('2')];
    const [one, two] = [response('1', 'a'), response('2', 'b')];
    const pairs = pairToolCalls([say('assistant', first, second), say('tool', two), say('tool', one)], []);
    expect(pairs.responses.get(first)).toBe(one);
    expect(pairs.responses.get(second)).toBe(two);
    expect(pairs.paired.size).toBe(2);
  });

  it('meet in order where a framework uses an id twice', () => {
    const [first, second] = [call('call_0'), call('call_0')];
    const [one, two] = [response('call_0', 1), response('call_0', 2)];
    const input = [say('assistant', first), say('tool', one), say('assistant', second), say('tool', two)];
    const pairs = pairToolCalls(input, []);
    expect(pairs.responses.get(first)).toBe(one);
    expect(pairs.responses.get(second)).toBe(two);
  });

  it('meet by name where there are no ids', () => {
    const [weather, time] = [call(null, 'weather'), call(null, 'time')];
    const answer = response(null, '12:00', 'time');
    const pairs = pairToolCalls([say('assistant', weather, time), say('tool', answer)], []);
    expect(pairs.responses.get(time)).toBe(answer);
    expect(pairs.responses.has(weather)).toBe(false);
  });

  it('leave a response alone that no call asked for', () => {
    const stray = response('other', 'x');
    const pairs = pairToolCalls([say('tool', stray), say('assistant', call('1'))], []);
    expect(pairs.paired.has(stray)).toBe(false);
  });

  it('name the calls of the output that wait for a tool', () => {
    const [asked, waiting] = [call('1'), call('2')];
    const pairs = pairToolCalls([say('assistant', asked)], [say('assistant', waiting)]);
    expect(pairs.open).toEqual([waiting]);
  });
});

describe('tool spans', () => {
  const detail = (id: string, toolCallId: string | null, toolName = 'lookup') =>
    ({ ...makeSpan({ id, kind: 'tool', toolName }), toolCallId }) as SpanDetail;

  it('are looked for below the model span first, then below its ancestors, never across the agent', () => {
    const { names, index, ...trace } = makeTrace(
      { id: 'outer', kind: 'agent', toMs: 100 },
      { id: 'elsewhere', parent: 'outer', kind: 'tool', toolName: 'lookup', fromMs: 90 },
      { id: 'agent', parent: 'outer', kind: 'agent', fromMs: 1, toMs: 80 },
      { id: 'before', parent: 'agent', kind: 'tool', toolName: 'lookup', fromMs: 2 },
      { id: 'step', parent: 'agent', kind: 'chain', fromMs: 5, toMs: 60 },
      { id: 'chat', parent: 'step', kind: 'llm', fromMs: 10, toMs: 20 },
      { id: 'beside', parent: 'step', kind: 'tool', toolName: 'lookup', fromMs: 30 },
      { id: 'other-tool', parent: 'step', kind: 'tool', toolName: 'mail', fromMs: 31 },
      { id: 'below', parent: 'chat', kind: 'tool', name: 'lookup', fromMs: 15 },
    );
    expect(names(listToolSpans(trace, index('chat'), new Set(['lookup'])))).toEqual(['below', 'beside']);
  });

  it('go to the call whose id they carry, else by name in order', () => {
    const [byId, first, second] = [call('b'), call(null), call(null)];
    const spans = [detail('s1', null), detail('s2', 'b'), detail('s3', null)];
    const matched = matchToolSpans([byId, first, second], spans);
    expect(matched.get(byId)?.spanId).toBe('s2');
    expect(matched.get(first)?.spanId).toBe('s1');
    expect(matched.get(second)?.spanId).toBe('s3');
  });

  it('are not given to a call with another id', () => {
    expect(matchToolSpans([call('a')], [detail('s1', 'b')]).size).toBe(0);
  });
});
