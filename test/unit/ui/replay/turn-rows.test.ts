import { describe, expect, test } from 'vitest';
import type { SpanDetail } from '../../../../ui/api/types.ts';
import { loadCall } from '../../../../ui/replay/call-content.ts';
import { findCallAfter, listCallsBefore, listModelCalls } from '../../../../ui/replay/model-calls.ts';
import { matchToolSteps } from '../../../../ui/replay/tool-steps.ts';
import { keyOfStep, listShownRows, listStepRows } from '../../../../ui/replay/turn-rows.ts';
import { call, text } from './detail-fixture.ts';
import { step, turnOf } from './turn-fixture.ts';

const shop = [
  step('agent', null, [0, 100], { kind: 'agent', agentName: 'support' }),
  step('loop', 'agent', [1, 99], { kind: 'chain' }),
  step('ask', 'loop', [2, 10], { kind: 'llm' }),
  step('research', 'loop', [11, 60], { kind: 'tool', toolName: 'research' }),
  step('sub', 'research', [12, 59], { kind: 'agent', agentName: 'researcher' }),
  step('sub-ask', 'sub', [13, 20], { kind: 'llm' }),
  step('sub-tool', 'sub', [21, 30], { kind: 'tool', toolName: 'search' }),
  step('sub-ask-2', 'sub', [31, 40], { kind: 'llm' }),
  step('answer', 'loop', [61, 90], { kind: 'llm' }),
];

describe('rows of a turn', () => {
  const write = (rows: ReturnType<typeof listStepRows>) =>
    rows.map(({ step: { spanId }, look, depth, inside }) => `${'  '.repeat(depth)}${look} ${spanId} ${inside}`);

  test('are what a reader looks for, sub-agents indented below the tool that started them', () => {
    expect(write(listStepRows(turnOf(shop), { all: false }))).toEqual([
      'agent agent 0',
      'answer ask 0',
      'tool research 4',
      '  agent sub 3',
      '    answer sub-ask 0',
      '    tool sub-tool 0',
      '    answer sub-ask-2 0',
      'answer answer 0',
    ]);
  });

  test('are all spans on demand, and where nobody spoke', () => {
    const run = write(listStepRows(turnOf(shop, null), { all: false }));
    expect(run).toEqual(write(listStepRows(turnOf(shop), { all: true })));
    expect(run.slice(0, 3)).toEqual(['agent agent 8', '  line loop 7', '    answer ask 0']);
  });

  test('keep a framework’s span that failed by itself', () => {
    const steps = [
      step('parse', null, [0, 2], { kind: 'chain', status: 'error' }),
      step('wrap', null, [3, 9], { kind: 'chain', status: 'error' }),
      step('tool', 'wrap', [4, 8], { kind: 'tool', status: 'error' }),
    ];
    expect(write(listStepRows(turnOf(steps), { all: false }))).toEqual(['line parse 0', 'tool tool 0']);
  });

  test('leave out the second report of a tool’s execution, and keep what it did', () => {
    const steps = [
      step('ask', null, [0, 2], { kind: 'llm' }),
      step('client', null, [3, 9], { kind: 'tool', toolName: 'search' }),
      step('server', 'client', [4, 8], {
        ...{ kind: 'tool', toolName: 'search' },
        sameExecutionAs: { traceId: 'trace', spanId: 'client' },
      }),
      step('embed', 'server', [5, 6], { kind: 'embedding' }),
    ];
    const shown = write(listStepRows(turnOf(steps), { all: false }));
    expect(shown).toEqual(['answer ask 0', 'tool client 1', '  line embed 0']);
    expect(write(listStepRows(turnOf(steps), { all: true }))).toContain('  tool server 1');
    const failed = steps.map((one) => (one.spanId === 'server' ? { ...one, status: 'error' as const } : one));
    expect(write(listStepRows(turnOf(failed), { all: false }))).toContain('  tool server 1');
    const both = failed.map((one) => (one.kind === 'tool' ? { ...one, status: 'error' as const } : one));
    expect(write(listStepRows(turnOf(both), { all: false }))).not.toContain('  tool server 1');
  });

  test('a folded row hides all that is inside it', () => {
    const rows = listStepRows(turnOf(shop), { all: false });
    const shown = listShownRows(rows, new Set([keyOfStep({ traceId: 'trace', spanId: 'research' })]));
    expect(shown.map(({ step: { spanId } }) => spanId)).toEqual(['agent', 'ask', 'research', 'answer']);
  });

  test('a span that reports a call again is a line, not an answer', () => {
    const steps = [
      step('wrapper', null, [0, 9], { kind: 'llm', notCountedBecause: 'wrapper' }),
      step('call', 'wrapper', [1, 8], { kind: 'llm' }),
    ];
    expect(write(listStepRows(turnOf(steps), { all: false }))).toEqual(['line wrapper 0', 'answer call 0']);
  });

  test('a span whose counted twin is elsewhere is all that the turn has of the call', () => {
    const elsewhere = { traceId: 'other', spanId: 'twin' };
    const steps = [
      step('wrapper', null, [0, 9], {
        kind: 'llm',
        notCountedBecause: 'wrapper',
        countedInstead: { traceId: 'trace', spanId: 'call' },
      }),
      step('call', 'wrapper', [1, 8], { kind: 'llm', notCountedBecause: 'duplicate', countedInstead: elsewhere }),
    ];
    expect(write(listStepRows(turnOf(steps), { all: false }))).toEqual(['line wrapper 0', 'answer call 0']);
  });

  test('a chain of ten thousand parents is no reason to fail, nor is a loop', () => {
    const chain = Array.from({ length: 10_000 }, (_, place) =>
      step(`s${place}`, place === 0 ? null : `s${place - 1}`, [place, 20_000], { kind: 'chain' }),
    );
    expect(listStepRows(turnOf(chain, null), { all: true })).toHaveLength(10_000);
    const loop = [step('a', 'b', [0, 1], { kind: 'llm' }), step('b', 'a', [0, 1], { kind: 'llm' })];
    expect(listStepRows(turnOf(loop), { all: true })).toHaveLength(2);
  });
});

describe('threads of model calls', () => {
  const next = [
    step('agent-b', null, [200, 300], { kind: 'agent', agentName: 'support' }),
    step('again', 'agent-b', [201, 220], { kind: 'llm' }),
  ];
  const calls = listModelCalls([turnOf(shop), turnOf(next)]);
  const find = (id: string) => {
    const found = calls.byStep.get(`trace/${id}`);
    if (found === undefined) throw new Error(`no call ${id}`);
    return found;
  };
  const before = (id: string) => listCallsBefore(calls, find(id), 3).map(({ step: { spanId } }) => spanId);

  test('go on from turn to turn, and a sub-agent’s run is one of its own', () => {
    expect(before('ask')).toEqual([]);
    expect(before('answer')).toEqual(['ask']);
    expect(before('again')).toEqual(['answer', 'ask']);
    expect(before('sub-ask')).toEqual([]);
    expect(before('sub-ask-2')).toEqual(['sub-ask']);
    expect(find('sub-ask').agentName).toBe('researcher');
    expect(findCallAfter(calls, find('ask'))?.step.spanId).toBe('answer');
  });

  test('without agent spans, the agent’s name tells threads apart', () => {
    const flat = ['a', 'b', 'a'].map((agentName, place) =>
      step(`c${place}`, null, [place, place + 1], { kind: 'llm', agentName }),
    );
    const threads = listModelCalls([turnOf(flat)]);
    expect([...threads.byThread.values()].map((list) => list.map(({ step: { spanId } }) => spanId))).toEqual([
      ['c0', 'c2'],
      ['c1'],
    ]);
  });
});

test('a call whose own span is silent speaks through the span that reports it as well', async () => {
  const twin = { traceId: 'trace', spanId: 'call' };
  const steps = [
    step('wrapper', null, [0, 9], { kind: 'llm', notCountedBecause: 'wrapper', countedInstead: twin }),
    step('call', 'wrapper', [1, 8], { kind: 'llm' }),
  ];
  const found = listModelCalls([turnOf(steps)]).byStep.get('trace/call');
  if (found === undefined) throw new Error('no call');
  const load = (key: string) => {
    const isWrapper = key === 'trace/wrapper';
    const detail = {
      name: isWrapper ? 'wrapper' : 'call',
      systemInstructions: [],
      toolDefinitions: [],
      inputMessages: isWrapper ? [text('user', 'hello')] : [],
      outputMessages: isWrapper ? [text('assistant', 'hi')] : [],
    };
    return Promise.resolve(detail as unknown as SpanDetail);
  };
  expect(await loadCall(found, load)).toMatchObject({
    name: 'call',
    contentFrom: 'wrapper',
    inputMessages: [text('user', 'hello')],
    outputMessages: [text('assistant', 'hi')],
  });
});

test('tool calls are matched with their spans by name, in order, up to the agent’s next call', () => {
  const output = [call('1', 'search', { q: 'a' }), call('2', 'search', { q: 'b' }), call('3', 'handoff', {})];
  const answer = step('answer', null, [0, 10], { kind: 'llm' });
  const steps = [
    answer,
    step('s1', null, [11, 12], { kind: 'tool', toolName: 'search' }),
    step('s2', null, [11, 13], { kind: 'tool', name: 'execute_tool search' }),
    step('s3', null, [30, 31], { kind: 'tool', toolName: 'handoff' }),
  ];
  const matched = matchToolSteps(answer, output, { steps, until: '1795000000030000000' });
  expect([...matched].map(([part, { spanId }]) => [part.type === 'tool_call' && part.id, spanId])).toEqual([
    ['1', 's1'],
    ['2', 's2'],
  ]);
});

test('a span that reports an execution again is matched with no other call', () => {
  const output = [call('1', 'search', { q: 'a' }), call('2', 'search', { q: 'b' })];
  const answer = step('answer', null, [0, 10], { kind: 'llm' });
  const tool = { kind: 'tool', toolName: 'search' } as const;
  const steps = [
    answer,
    step('client-1', null, [11, 20], tool),
    step('server-1', 'client-1', [12, 19], { ...tool, sameExecutionAs: { traceId: 'trace', spanId: 'client-1' } }),
    step('client-2', null, [21, 30], tool),
  ];
  const matched = matchToolSteps(answer, output, { steps, until: undefined });
  expect([...matched.values()].map(({ spanId }) => spanId)).toEqual(['client-1', 'client-2']);
});
