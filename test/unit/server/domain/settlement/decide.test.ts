import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Decision, settleTraces } from '../../../../../server/domain/settlement/decide.ts';
import type { Skeleton } from '../../../../../server/domain/settlement/skeleton.ts';
import { aggregate, call, span } from './skeletons.ts';

/** `span id: counted`, or why not and what counts instead. */
function verdicts(...spans: Skeleton[]): Record<string, string> {
  const traces = Map.groupBy(spans, ({ traceId }) => traceId);
  return Object.fromEntries(settleTraces(traces).flatMap(({ decisions }) => decisions.map(describe)));
}

function describe({ span: decided, verdict }: Decision): [string, string] {
  if (verdict.counted) return [decided.spanId, 'counted'];
  return [
    decided.spanId,
    verdict.instead === undefined ? verdict.because : `${verdict.because} of ${verdict.instead.spanId}`,
  ];
}

const at = (startMs: number, endMs: number) => ({
  startNs: BigInt(startMs) * 1_000_000n,
  endNs: BigInt(endMs) * 1_000_000n,
});

test('a model call counts, an agent that repeats its usage does not', () => {
  expect(verdicts(aggregate('agent', 10, 2), call('chat', 10, 2, { parentSpanId: 'agent' }))).toEqual({
    agent: 'aggregate',
    chat: 'counted',
  });
});

test('an aggregate counts while nothing below it was received, and no longer once a call comes', () => {
  const agent = aggregate('agent', 10, 2);
  const step = aggregate('step', 10, 2, { kind: 'chain', parentSpanId: 'agent' });
  expect(verdicts(agent, step)).toEqual({ agent: 'counted', step: 'aggregate' });
  expect(verdicts(agent, step, call('late', 10, 2, { parentSpanId: 'step' }))).toEqual({
    agent: 'aggregate',
    step: 'aggregate',
    late: 'counted',
  });
});

test('what runs inside a tool is not in the sum of the agent above it', () => {
  expect(
    verdicts(
      aggregate('agent', 10, 2),
      span('tool', { kind: 'tool', parentSpanId: 'agent' }),
      aggregate('sub', 5, 1, { parentSpanId: 'tool' }),
    ),
  ).toEqual({ agent: 'counted', sub: 'counted' });
  expect(
    verdicts(
      aggregate('agent', 10, 2),
      span('tool', { kind: 'tool', parentSpanId: 'agent' }),
      call('inner', 5, 1, { parentSpanId: 'tool' }),
    ),
  ).toEqual({ agent: 'counted', inner: 'counted' });
});

test('a call around another one is its wrapper when they share the response id', () => {
  expect(
    verdicts(
      call('outer', 7, 2, { responseId: 'r1', scopeName: 'a' }),
      call('inner', 9, 2, { responseId: 'r1', parentSpanId: 'outer', scopeName: 'b' }),
    ),
  ).toEqual({ outer: 'wrapper of inner', inner: 'counted' });
});

test('a call around others is their wrapper when its totals are their sum', () => {
  expect(
    verdicts(
      call('batch', 9, 3),
      span('map', { kind: 'chain', parentSpanId: 'batch' }),
      call('one', 4, 1, { parentSpanId: 'map' }),
      call('two', 5, 2, { parentSpanId: 'map' }),
    ),
  ).toEqual({ batch: 'wrapper of one', one: 'counted', two: 'counted' });
});

test('a call without usage around another one is its wrapper', () => {
  expect(verdicts(call('outer', 0, 0, { hasUsage: false }), call('inner', 5, 1, { parentSpanId: 'outer' }))).toEqual({
    outer: 'wrapper of inner',
    inner: 'counted',
  });
});

test('of two records of one call the one with usage counts, also when it is the outer one', () => {
  expect(
    verdicts(
      call('outer', 5, 1, { responseId: 'r' }),
      call('inner', 0, 0, { hasUsage: false, responseId: 'r', parentSpanId: 'outer' }),
    ),
  ).toEqual({ outer: 'counted', inner: 'duplicate of outer' });
});

test('a moderation call nested under a chat call is real, and so is the chat call', () => {
  expect(verdicts(call('chat', 100, 20), call('moderation', 8, 1, { parentSpanId: 'chat' }))).toEqual({
    chat: 'counted',
    moderation: 'counted',
  });
});

test('a sub-agent that a tool called under a model call is no duplicate of it', () => {
  expect(
    verdicts(
      call('outer', 5, 1),
      span('tool', { kind: 'tool', parentSpanId: 'outer' }),
      call('inner', 5, 1, { parentSpanId: 'tool' }),
    ),
  ).toEqual({ outer: 'counted', inner: 'counted' });
});

test('two traces with one response id are one call; the record with the cache split is kept', () => {
  const rich = call('rich', 10, 2, { traceId: 'b', responseId: 'r', scopeName: 'b' });
  rich.tokens = { ...rich.tokens, cacheReadTokens: 4n };
  expect(verdicts(call('poor', 10, 2, { responseId: 'r' }), rich)).toEqual({
    poor: 'duplicate of rich',
    rich: 'counted',
  });
});

test('an equal response id eleven minutes later is another call', () => {
  const later = { ...at(661_001, 662_000), traceId: 'b', responseId: 'r' };
  expect(verdicts(call('first', 1, 1, { responseId: 'r', ...at(1000, 2000) }), call('later', 1, 1, later))).toEqual({
    first: 'counted',
    later: 'counted',
  });
});

test('a response id that everybody shares is no identity', () => {
  const many = Array.from({ length: 40 }, (_, index) => call(`s${String(index)}`, 1, 1, { responseId: 'mock' }));
  expect(new Set(Object.values(verdicts(...many)))).toEqual(new Set(['counted']));
});

test('a server that gives one response id to call after call is not taken at its word', () => {
  const sequence = [0, 1, 2].map((index) =>
    call(`call-${index}`, 10, 2, {
      traceId: `t${index}`,
      responseId: 'mock',
      ...at(index * 300_000, index * 300_000 + 500),
    }),
  );
  expect(new Set(Object.values(verdicts(...sequence)))).toEqual(new Set(['counted']));
  const copies = [0, 1, 2].map((index) => {
    const inside = at(index * 300_000 + 10, index * 300_000 + 490);
    return call(`copy-${index}`, 10, 2, { traceId: `u${index}`, scopeName: 'sdk', responseId: 'mock', ...inside });
  });
  const seen = Object.values(verdicts(...sequence, ...copies));
  expect(seen.filter((verdict) => verdict === 'counted')).toHaveLength(3);
});

test('without response ids, another scope of the same service inside the same time with the same totals is one call', () => {
  expect(
    verdicts(
      call('framework', 10, 2, { scopeName: 'langchain', ...at(0, 100) }),
      call('sdk', 10, 2, {
        traceId: 'b',
        scopeName: 'openai',
        responseId: 'r',
        requestModel: 'gpt-4o-2024-08-06',
        ...at(10, 90),
      }),
    ),
  ).toEqual({ framework: 'duplicate of sdk', sdk: 'counted' });
});

test.each([
  ['of one scope', { scopeName: 'langchain' }],
  ['of another service', { serviceName: 'other' }],
  ['of another model', { requestModel: 'gpt-4o-mini' }],
  ['with other totals', { tokens: call('x', 11, 2).tokens }],
  ['at another time', at(95, 200)],
])('equal calls %s are two', (_, difference) => {
  const other = { traceId: 'b', scopeName: 'openai', ...at(10, 90), ...difference };
  expect(verdicts(call('one', 10, 2, { scopeName: 'langchain', ...at(0, 100) }), call('two', 10, 2, other))).toEqual({
    one: 'counted',
    two: 'counted',
  });
});

test('parallel equal calls seen by two instrumentations pair up one to one', () => {
  const seen = verdicts(
    call('chain-1', 10, 2, { scopeName: 'langchain', ...at(0, 100) }),
    call('chain-2', 10, 2, { scopeName: 'langchain', ...at(5, 105) }),
    call('sdk-1', 10, 2, { traceId: 'b', scopeName: 'openai', provider: 'openai', ...at(1, 99) }),
    call('sdk-2', 10, 2, { traceId: 'c', scopeName: 'openai', provider: 'openai', ...at(6, 104) }),
  );
  expect(seen).toEqual({
    'chain-1': 'duplicate of sdk-1',
    'chain-2': 'duplicate of sdk-2',
    'sdk-1': 'counted',
    'sdk-2': 'counted',
  });
});

test('session, user, agent and labels come from the nearest span that says them', () => {
  const [trace] = settleTraces(
    new Map([
      [
        't',
        [
          span('root', {
            kind: 'agent',
            agentName: 'main',
            agentVersion: '1',
            sessionId: 's',
            labels: new Map([
              ['team', 'a'],
              ['tier', 'x'],
            ]),
          }),
          span('sub', {
            kind: 'agent',
            agentName: 'helper',
            parentSpanId: 'root',
            userId: 'u',
            labels: new Map([['team', 'b']]),
          }),
          call('chat', 1, 1, { parentSpanId: 'sub' }),
          call('other', 2, 1, { parentSpanId: 'missing' }),
        ],
      ],
    ]),
  );
  const of = (id: string) => trace?.decisions.find((decision) => decision.span.spanId === id)?.attribution;
  expect(of('chat')).toEqual({
    sessionId: 's',
    userId: 'u',
    agentName: 'helper',
    agentVersion: '',
    labels: new Map([
      ['team', 'b'],
      ['tier', 'x'],
    ]),
  });
  // Without a parent only what the whole trace agrees on is taken: two agents do not agree.
  expect(of('other')).toMatchObject({ sessionId: 's', userId: 'u', agentName: '', labels: new Map() });
});

test('labels of a span and all above it are bounded, its own and the nearest first', () => {
  const depth = 10;
  const labelsOf = (level: number) => new Map(Array.from({ length: 20 }, (_, index) => [`${level}-${index}`, 'v']));
  const chain = Array.from({ length: depth }, (_, level) =>
    call(`s${level}`, level, 1, {
      parentSpanId: level === 0 ? '' : `s${level - 1}`,
      kind: 'agent',
      labels: labelsOf(level),
    }),
  );
  const [trace] = settleTraces(new Map([['t', chain]]));
  const deepest = trace?.decisions.find(({ span: { spanId } }) => spanId === `s${depth - 1}`)?.attribution.labels;
  expect(deepest?.size).toBe(64);
  for (const level of [9, 8, 7]) expect([...labelsOf(level).keys()].every((key) => deepest?.has(key))).toBe(true);
});

test('what only a copy of the call knows is kept', () => {
  const [trace] = settleTraces(
    new Map([
      ['t', [call('kept', 10, 2, { responseId: 'r', provider: 'openai' })]],
      ['b', [call('copy', 10, 2, { traceId: 'b', responseId: 'r', sessionId: 's', scopeName: 'other' })]],
    ]),
  );
  expect(trace?.decisions[0]).toMatchObject({ verdict: { counted: true }, attribution: { sessionId: 's' } });
});

test('circles, own parents and very deep traces end', () => {
  const deep = Array.from({ length: 100_000 }, (_, index) =>
    call(`d${String(index)}`, index, 1, { parentSpanId: index === 0 ? '' : `d${String(index - 1)}` }),
  );
  expect(Object.keys(verdicts(...deep))).toHaveLength(100_000);
  expect(
    verdicts(
      call('self', 1, 1, { parentSpanId: 'self' }),
      call('a', 2, 1, { parentSpanId: 'c', hasUsage: true }),
      call('b', 3, 1, { parentSpanId: 'a' }),
      call('c', 4, 1, { parentSpanId: 'b' }),
    ),
  ).toEqual({ self: 'counted', a: 'counted', b: 'counted', c: 'counted' });
});

test('no order of arrival changes a decision', () => {
  const some = fc.array(
    fc.record({
      traceId: fc.constantFrom('t', 'b', 'c'),
      parent: fc.nat(7),
      kind: fc.constantFrom('llm' as const, 'agent' as const, 'tool' as const, 'chain' as const),
      tokens: fc.constantFrom<[number, number]>([1, 1], [2, 1], [3, 2], [0, 0]),
      responseId: fc.constantFrom('', '', 'r1', 'r2'),
      scopeName: fc.constantFrom('x', 'y'),
      start: fc.nat(3),
      sessionId: fc.constantFrom('', 's1', 's2'),
    }),
    { maxLength: 14 },
  );
  fc.assert(
    fc.property(some, fc.infiniteStream(fc.nat()), (list, random) => {
      const spans = list.map(({ traceId, parent, kind, tokens: [input, output], start, ...fields }, index) => {
        const isCall = kind === 'llm';
        const shape = isCall ? call : aggregate;
        return shape(`s${String(index)}`, input, output, {
          ...fields,
          kind,
          traceId,
          parentSpanId: `s${String(parent)}`,
          hasUsage: input > 0,
          usageScope: isCall ? 'call' : input > 0 ? 'aggregate' : '',
          ...at(start * 10, start * 10 + 25),
        });
      });
      const shuffled = [...spans].map((value) => ({ value, key: random.next().value as number }));
      shuffled.sort((a, b) => a.key - b.key);
      expect(verdicts(...shuffled.map(({ value }) => value))).toEqual(verdicts(...spans));
    }),
    { numRuns: 300 },
  );
});

test('twenty thousand equal calls at once are decided', () => {
  const many = Array.from({ length: 20_000 }, (_, index) =>
    call(`s${String(index)}`, 3, 1, { traceId: `t${String(index % 7)}`, scopeName: `scope-${String(index % 2)}` }),
  );
  expect(Object.keys(verdicts(...many))).toHaveLength(20_000);
});
