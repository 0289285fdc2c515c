import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Message } from '../../../../runtime/models/model.ts';
import {
  buildMessages,
  chooseFromTurn,
  type Conversation,
  estimateTokens,
  hasEarlier,
  visibleText,
} from '../../../../runtime/run/conversation.ts';
import type {
  CompactedEntry,
  Entry,
  StepEntry,
  ToolEntry,
  Turn,
  TurnEnd,
} from '../../../../runtime/sessions/record.ts';

const saw = { system: '', fromTurn: 1, tools: [] };
const atMs = 0;

function step(number: number, text: string, calls: string[] = []): StepEntry {
  const toolCalls = calls.map((id) => ({ id, name: 'look', arguments: '{}' }));
  return { type: 'step', step: number, text, toolCalls, saw, attempts: [], finishReason: 'stop' };
}

function result(number: number, callId: string, text: string, failure?: ToolEntry['failure']): ToolEntry {
  const call = { callId, step: number, name: 'look', toolType: 'http', arguments: '{}' } as const;
  return { type: 'tool', ...call, text, failure, attempts: 1, startMs: 0, endMs: 0 };
}

const compacted = (before: number, summary: string | null): CompactedEntry => ({
  type: 'compacted',
  before,
  summary,
  atMs,
});

function input(...texts: string[]): Turn['input'] {
  const messages = texts.map((text) => ({ content: [{ type: 'text' as const, text }] }));
  return { messages, system: [], variables: {}, labels: {}, user: null, traceparent: null };
}

function turn(number: number, asked: string, entries: Entry[], end?: Partial<TurnEnd>): Turn {
  return {
    ...{ id: `t${number}`, sessionId: 's', number, state: 'completed', acceptedMs: 0, startedMs: 0, claims: 1 },
    ...{ idempotencyKey: null, contentHash: '', input: input(asked), entries },
    end: { state: 'completed', text: visibleText(entries), atMs, ...end },
  };
}

function conversation(earlier: Turn[], own: Entry[] = [], imported: Message[] = []): Conversation {
  const number = earlier.length + 1;
  return { instructions: 'Help.', session: { imported }, earlier, turn: { number, input: input('now'), entries: own } };
}

/** `role: text`, a call as `look a`, its result as `a = text`. */
function show(messages: readonly Message[]): string[] {
  return messages.map((one) => {
    if (one.role === 'user')
      return `user: ${one.content.map((part) => (part.type === 'text' ? part.text : part.url)).join()}`;
    if (one.role === 'tool') return `${one.callId} = ${one.isError ? '!' : ''}${one.text}`;
    if (one.role === 'system') return `system: ${one.text}`;
    return `assistant: ${[one.text, ...one.toolCalls.map(({ id }) => id)].join(' ')}`;
  });
}

const missing = '!This call was not carried out: the turn ended before.';

describe('what a model is given', () => {
  test('instructions, what was imported, earlier turns, the turn itself', () => {
    const imported: Message[] = [
      { role: 'user', content: [{ type: 'text', text: 'before' }] },
      { role: 'assistant', text: 'noted', toolCalls: [] },
    ];
    const { turn: own, ...rest } = conversation([turn(1, 'one', [step(0, 'ONE')])], [step(0, 'Hm.')], imported);
    const asked = { ...rest, turn: { ...own, input: { ...own.input, system: ['Be brief.', 'In German.'] } } };
    expect(show(buildMessages(asked, 1))).toEqual([
      'system: Help.\n\nBe brief.\n\nIn German.',
      ...['user: before', 'assistant: noted', 'user: one', 'assistant: ONE', 'user: now', 'assistant: Hm.'],
    ]);
  });

  test('every call with its result, in the order of the calls', () => {
    const entries = [
      step(0, 'Looking.', ['a', 'b']),
      result(0, 'b', 'B'),
      result(0, 'a', 'A', 'timeout'),
      step(1, 'Done.'),
    ];
    expect(show(buildMessages(conversation([turn(1, 'one', entries)]), 1)).slice(2, -1)).toEqual([
      ...['assistant: Looking. a b', 'a = !A', 'b = B', 'assistant: Done.'],
    ]);
  });

  test('two steps with the same call id: each has its own result', () => {
    const entries = [step(0, '', ['a']), result(0, 'a', 'first'), step(1, '', ['a']), result(1, 'a', 'second')];
    expect(show(buildMessages(conversation([], entries), 1)).slice(2)).toEqual([
      ...['assistant:  a', 'a = first', 'assistant:  a', 'a = second'],
    ]);
  });

  test('a turn that ended before its call was made: the model is told', () => {
    const end = { state: 'cancelled', text: 'Looking.' } as const;
    const entries = [step(0, 'Looking.', ['a', 'b']), result(0, 'a', 'A')];
    expect(show(buildMessages(conversation([turn(1, 'one', entries, end)]), 1)).slice(1, -1)).toEqual([
      ...['user: one', 'assistant: Looking. a b', 'a = A', `b = ${missing}`],
    ]);
  });

  test('what a turn that was interrupted said; nothing of a call that failed before its first word', () => {
    const end = { state: 'interrupted', text: 'half' } as const;
    const entries = [
      { ...step(0, ''), finishReason: undefined },
      { ...step(1, 'half'), finishReason: undefined },
    ];
    expect(show(buildMessages(conversation([turn(1, 'one', entries, end)]), 1)).slice(1, -1)).toEqual([
      ...['user: one', 'assistant: half'],
    ]);
  });

  test('a notice of the runtime, marked as one', () => {
    const notice: Entry = { type: 'notice', text: 'Answer as JSON.', atMs };
    const messages = buildMessages(conversation([], [step(0, 'no'), notice]), 1);
    expect(messages.at(-1)).toMatchObject({ role: 'user', isNotice: true });
  });

  describe('a question that was asked again', () => {
    const nothing = { state: 'failed', text: '' } as const;
    test.each<[string, Partial<TurnEnd>]>([
      ['failed', nothing],
      ['was cancelled', { state: 'cancelled', text: '' }],
    ])('stands once where the first try %s without a word', (_what, end) => {
      const again = turn(2, 'same', [step(0, 'SAME')]);
      const earlier = [turn(1, 'same', [{ ...step(0, ''), finishReason: undefined }], end), again];
      expect(show(buildMessages(conversation(earlier), 1)).slice(1, -1)).toEqual(['user: same', 'assistant: SAME']);
      const own = conversation([turn(1, 'now', [], end), turn(2, 'now', [], end)]);
      expect(show(buildMessages(own, 1)).slice(1)).toEqual(['user: now']);
    });

    test('stands twice where the first try did something: the model must know of it', () => {
      const earlier = [turn(1, 'now', [step(0, '', ['a']), result(0, 'a', 'paid')], nothing)];
      expect(show(buildMessages(conversation(earlier), 1)).slice(1)).toEqual([
        ...['user: now', 'assistant:  a', 'a = paid', 'user: now'],
      ]);
    });

    test('stands twice where it was another question, or was answered', () => {
      expect(show(buildMessages(conversation([turn(1, 'other', [], nothing)]), 1)).slice(1)).toEqual([
        ...['user: other', 'user: now'],
      ]);
      expect(show(buildMessages(conversation([turn(1, 'now', [step(0, 'NOW')])]), 1)).slice(1)).toEqual([
        ...['user: now', 'assistant: NOW', 'user: now'],
      ]);
    });
  });

  describe('after a compaction', () => {
    const imported: Message[] = [{ role: 'user', content: [{ type: 'text', text: 'before' }] }];
    const earlier = [turn(1, 'one', [step(0, 'ONE')]), turn(2, 'two', [step(0, 'TWO')])];

    test('the turns that stay, and the summary of the others', () => {
      const own = conversation(earlier, [compacted(2, 'They met.')], imported);
      expect(show(buildMessages(own, 1))).toEqual([
        'system: Help.\n\nSummary of the conversation before:\nThey met.',
        ...['user: two', 'assistant: TWO', 'user: now'],
      ]);
    });

    test('what was imported can be taken out before the first turn has ended', () => {
      const first = conversation([], [], imported);
      expect(hasEarlier(first)).toBe(true);
      expect(hasEarlier(conversation([]))).toBe(false);
      const compactedFirst = conversation([], [compacted(1, 'They met.')], imported);
      expect(show(buildMessages(compactedFirst, 1))).toEqual([
        'system: Help.\n\nSummary of the conversation before:\nThey met.',
        'user: now',
      ]);
      expect(hasEarlier(compactedFirst)).toBe(false);
      expect(hasEarlier(conversation(earlier, [compacted(2, null)]))).toBe(true);
      expect(hasEarlier(conversation(earlier, [compacted(3, null)]))).toBe(false);
    });

    test('the latest compaction holds, also one of an earlier turn, and one without a summary', () => {
      const [one, two] = earlier as [Turn, Turn];
      const later = { ...two, entries: [compacted(2, 'They met.'), ...two.entries] };
      expect(show(buildMessages(conversation([one, later]), 1)).slice(1)).toEqual([
        ...['user: two', 'assistant: TWO', 'user: now'],
      ]);
      expect(show(buildMessages(conversation([one, later], [compacted(3, null)]), 1))).toEqual([
        ...['system: Help.', 'user: now'],
      ]);
    });
  });
});

describe('the oldest turn that is given', () => {
  const long = (number: number) => turn(number, 'x'.repeat(200), [step(0, 'y'.repeat(200))]); // 100 tokens
  const ten = Array.from({ length: 10 }, (_, i) => long(i + 1));

  test('by the number of turns, this one included', () => {
    expect(chooseFromTurn(conversation(ten), { keepTurns: 4 })).toBe(1);
    expect(chooseFromTurn(conversation(ten), { maxTurns: 3, keepTurns: 2 })).toBe(9);
    expect(chooseFromTurn(conversation(ten), { maxTurns: 1, keepTurns: 1 })).toBe(11);
    expect(chooseFromTurn(conversation(ten), { maxTurns: 50, keepTurns: 4 })).toBe(1);
  });

  test('by tokens, but the latest turns stay', () => {
    expect(chooseFromTurn(conversation(ten), { maxTokens: 1_010, keepTurns: 2 })).toBe(1);
    expect(chooseFromTurn(conversation(ten), { maxTokens: 510, keepTurns: 2 })).toBe(6);
    expect(chooseFromTurn(conversation(ten), { maxTokens: 1, keepTurns: 4 })).toBe(8);
    expect(chooseFromTurn(conversation(ten), { maxTokens: 1, keepTurns: 1 })).toBe(11);
  });

  test('never one that was compacted away', () => {
    const own = conversation(ten, [compacted(5, 'a summary')]);
    expect(chooseFromTurn(own, { keepTurns: 4 })).toBe(5);
    expect(chooseFromTurn(own, { maxTurns: 3, keepTurns: 2 })).toBe(9);
  });

  test('what was imported counts with the first turn', () => {
    const imported: Message[] = [{ role: 'assistant', text: 'z'.repeat(4_000), toolCalls: [] }];
    expect(chooseFromTurn(conversation(ten, [], imported), { maxTokens: 1_900, keepTurns: 1 })).toBe(2);
  });

  test('whatever the bounds: no result without its call, no call without its result', () => {
    const entries = fc.array(
      fc.record({ calls: fc.subarray(['a', 'b', 'c']), done: fc.subarray(['a', 'b', 'c']), text: fc.string() }),
      { maxLength: 3 },
    );
    const turns = fc.array(entries, { maxLength: 8 });
    const bounds = fc.record({
      maxTurns: fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined }),
      maxTokens: fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }),
      keepTurns: fc.integer({ min: 1, max: 5 }),
    });
    fc.assert(
      fc.property(turns, bounds, (planned, bound) => {
        const earlier = planned.map((steps, i) =>
          turn(
            i + 1,
            'asked',
            steps.flatMap(({ calls, done, text }, n) => [
              step(n, text, calls),
              ...calls.filter((id) => done.includes(id)).map((id) => result(n, id, 'r')),
            ]),
          ),
        );
        const own = conversation(earlier);
        const messages = buildMessages(own, chooseFromTurn(own, bound));
        let open: string[] = [];
        for (const message of messages) {
          if (message.role === 'tool') expect(message.callId).toBe(open.shift());
          else {
            expect(open).toEqual([]);
            open = message.role === 'assistant' ? message.toolCalls.map(({ id }) => id) : [];
          }
        }
        expect(open).toEqual([]);
        expect(messages[0]?.role).toBe('system');
        expect(messages.at(-1)).toMatchObject({ role: 'user', content: [{ text: 'now' }] });
      }),
    );
  });
});

test('tokens are estimated by characters, images at a fixed size', () => {
  expect(estimateTokens([])).toBe(0);
  expect(
    estimateTokens([{ role: 'assistant', text: '12345', toolCalls: [{ id: 'x', name: 'ab', arguments: '{}' }] }]),
  ).toBe(3);
  expect(estimateTokens([{ role: 'user', content: [{ type: 'image', url: 'x'.repeat(100_000) }] }])).toBe(1_000);
});
