import { describe, expect, test } from 'vitest';
import type { Message } from '../../../../runtime/models/model.ts';
import { ModelFailure } from '../../../../runtime/models/model-failure.ts';
import { AskFailure } from '../../../../runtime/run/agent.ts';
import { compact } from '../../../../runtime/run/compact.ts';
import { type Conversation, estimateTokens } from '../../../../runtime/run/conversation.ts';
import type { Entry, StepEntry, ToolEntry, Turn } from '../../../../runtime/sessions/record.ts';

function step(text: string, calls: string[] = []): StepEntry {
  const toolCalls = calls.map((id) => ({ id, name: 'look', arguments: '{}' }));
  const saw = { system: '', fromTurn: 1, tools: [] };
  return { type: 'step', step: 0, text, toolCalls, saw, attempts: [], finishReason: 'stop' };
}

function turn(number: number, asked: string, entries: Entry[]): Turn {
  const messages = [{ content: [{ type: 'text' as const, text: asked }] }];
  return {
    ...{ id: `t${number}`, sessionId: 's', number, state: 'completed', acceptedMs: 0, startedMs: 0, claims: 1 },
    ...{ idempotencyKey: null, contentHash: '', entries, end: { state: 'completed', text: '', atMs: 0 } },
    input: { messages, system: [], variables: {}, labels: {}, user: null, traceparent: null },
  };
}

function conversation(earlier: Turn[], imported: Message[] = []): Conversation {
  const { number, input } = turn(earlier.length + 1, 'now', []);
  return { instructions: 'Help.', session: { imported }, earlier, turn: { number, input, entries: [] } };
}

/** What is asked for a summary, and the entry that comes of it. */
async function summarize(of: Conversation, before: number, answer: string | AskFailure = 'A summary.') {
  let asked: readonly Message[] = [];
  const entry = await compact({
    conversation: of,
    before,
    summarizes: true,
    ask: ({ messages }) => {
      asked = messages;
      if (answer instanceof AskFailure) return Promise.reject(answer);
      return Promise.resolve({ text: answer, call: { attempts: [] } });
    },
    nowMs: () => 7,
  });
  const texts = asked.map((one) => {
    if (one.role !== 'user') return one.text;
    return one.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
  });
  return { entry, asked, texts: texts.slice(0, -1) };
}

const turns = [turn(1, 'one', [step('ONE')]), turn(2, 'two', [step('TWO')]), turn(3, 'three', [step('THREE')])];

describe('a summary', () => {
  test('is of the turns that are left out, and not of what is asked now', async () => {
    const { entry, texts } = await summarize(conversation(turns), 3);
    expect(texts).toEqual(['Help.', 'one', 'ONE', 'two', 'TWO']);
    expect(entry).toEqual({ type: 'compacted', before: 3, summary: 'A summary.', atMs: 7, call: { attempts: [] } });
  });

  test('goes on from the one before: what only that one still knows is not lost', async () => {
    const before: Entry = { type: 'compacted', before: 2, summary: 'One was said.', atMs: 0 };
    // The turn that wrote it stays itself.
    const [one, two, three] = turns as [Turn, Turn, Turn];
    const { texts } = await summarize(conversation([one, two, { ...three, entries: [before, ...three.entries] }]), 3);
    expect(texts).toEqual(['Help.\n\nSummary of the conversation before:\nOne was said.', 'two', 'TWO']);
  });

  test('is of the latest part of what is long, and never of a result without its call', async () => {
    const result: ToolEntry = {
      ...{ type: 'tool', callId: 'a', step: 0, name: 'look', toolType: 'http', arguments: '{}', attempts: 1 },
      ...{ text: 'r'.repeat(70_000), startMs: 0, endMs: 0 },
    };
    const long = [
      turn(1, 'x'.repeat(80_000), [step('y'.repeat(20_000), ['a']), result]),
      turn(2, 'z'.repeat(40_000), [step('END')]),
    ];
    const { asked, texts } = await summarize(conversation(long), 3);
    expect(texts.map((text) => text.slice(0, 3))).toEqual(['Hel', 'zzz', 'END']);
    expect(estimateTokens(asked.slice(1, -1))).toBeLessThanOrEqual(30_000);
  });
});

describe('turns are left out without a summary', () => {
  test('where the agent wants none', async () => {
    const ask = () => Promise.reject(new Error('nobody was asked'));
    expect(
      await compact({ conversation: conversation(turns), before: 3, summarizes: false, ask, nowMs: () => 7 }),
    ).toEqual({
      ...{ type: 'compacted', before: 3, summary: null, atMs: 7 },
    });
  });

  test('where no model writes one: the conversation goes on all the same', async () => {
    const failure = new AskFailure({ attempts: [], partialText: '', failure: new ModelFailure('unavailable', 'down') });
    const { entry } = await summarize(conversation(turns), 3, failure);
    expect(entry).toEqual({ type: 'compacted', before: 3, summary: null, atMs: 7, call: { attempts: [] } });
    expect((await summarize(conversation(turns), 3, '  ')).entry.summary).toBeNull();
    const before: Entry = { type: 'compacted', before: 2, summary: 'One was said.', atMs: 0 };
    const [one, two] = turns as [Turn, Turn];
    const known = conversation([one, { ...two, entries: [before] }]);
    expect((await summarize(known, 3, failure)).entry).toMatchObject({ before: 3, summary: 'One was said.' });
    expect((await summarize(known, 3, '')).entry).toMatchObject({ before: 3, summary: 'One was said.' });
  });

  test('where the only message is too long for a summary: nothing is made up', async () => {
    const { entry, asked } = await summarize(conversation([turn(1, 'x'.repeat(200_000), [])]), 2);
    expect(asked).toEqual([]);
    expect(entry).toEqual({ type: 'compacted', before: 2, summary: null, atMs: 7 });
  });

  test('but not where the turn was stopped meanwhile', async () => {
    const failure = new AskFailure({ attempts: [], partialText: '', failure: new ModelFailure('aborted', 'stopped') });
    await expect(summarize(conversation(turns), 3, failure)).rejects.toBe(failure);
  });
});
