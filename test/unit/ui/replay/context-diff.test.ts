import { describe, expect, test } from 'vitest';
import type { Message } from '../../../../ui/api/types.ts';
import { type ContextLine, countStates, diffContexts } from '../../../../ui/replay/context-diff.ts';
import { textOfEntry } from '../../../../ui/replay/context-entries.ts';
import { call, contextOf, result, text } from './detail-fixture.ts';

const signs = { same: '=', added: '+', removed: '-', changed: '~' } as const;
const write = (lines: readonly ContextLine[]) => lines.map((line) => `${signs[line.state]} ${textOfEntry(line.entry)}`);

const question = text('user', 'Where is my refund?');
const lookup = call('call_1', 'lookup_order', { id: 1042 });
const order = result('call_1', { state: 'returned' });

describe('a tool loop that grows', () => {
  test('is unchanged but for the last answer and what its tools said', () => {
    const before = contextOf({ system: 'Be kind.', messages: [question] });
    const after = contextOf({ system: 'Be kind.', messages: [question, lookup, order] });
    const thought = { type: 'reasoning' as const, content: 'Look it up.' };
    const answered: Message = { ...lookup, parts: [thought, ...lookup.parts], finishReason: 'tool_call' };
    const lines = diffContexts(before, after, [answered]);
    expect(write(lines)).toEqual([
      '= Be kind.',
      '= Where is my refund?',
      '+ lookup_order({"id":1042})',
      '+ {"state":"returned"}',
    ]);
    expect(lines.map((line) => line.state === 'added' && line.wasOutput)).toEqual([false, false, true, false]);
    expect(countStates(lines)).toEqual({ same: 2, added: 2, removed: 0, changed: 0 });
  });

  test('tells equal messages apart by their place', () => {
    const yes = text('user', 'yes');
    const before = contextOf({ messages: [yes, text('assistant', 'More?'), yes] });
    const after = contextOf({ messages: [yes, text('assistant', 'More?'), yes, text('assistant', 'More?'), yes] });
    expect(countStates(diffContexts(before, after))).toEqual({ same: 3, added: 2, removed: 0, changed: 0 });
  });
});

test('compaction drops the middle and puts a summary in its place', () => {
  const middle = Array.from({ length: 8 }, (_, place) =>
    text(place % 2 === 0 ? 'assistant' : 'user', `turn ${place} of it`),
  );
  const last = text('user', 'And now?');
  const before = contextOf({ system: 'Be kind.', messages: [question, ...middle, last] });
  const summary = text('user', 'Summary: the customer waits for a refund of order 1042.');
  const after = contextOf({ system: 'Be kind.', messages: [question, summary, last, text('assistant', 'Soon.')] });
  const lines = diffContexts(before, after);
  expect(countStates(lines)).toEqual({ same: 3, added: 2, removed: 8, changed: 0 });
  expect(write(lines).slice(-3)).toEqual([
    '+ Summary: the customer waits for a refund of order 1042.',
    '= And now?',
    '+ Soon.',
  ]);
});

test('an edited system prompt is one changed entry, not two', () => {
  const before = contextOf({ system: 'You help customers of the shop. Be kind and brief.', messages: [question] });
  const after = contextOf({ system: 'You help customers of the shop. Be kind and exact.', messages: [question] });
  const lines = diffContexts(before, after);
  expect(write(lines)).toEqual(['~ You help customers of the shop. Be kind and exact.', '= Where is my refund?']);
  expect(lines[0]?.state === 'changed' && textOfEntry(lines[0].before)).toBe(
    'You help customers of the shop. Be kind and brief.',
  );
});

test('another prompt altogether is removed and added', () => {
  const before = contextOf({ system: 'Du bist ein Dichter.', messages: [] });
  const after = contextOf({ system: 'Write SQL, nothing else.', messages: [] });
  expect(write(diffContexts(before, after))).toEqual(['- Du bist ein Dichter.', '+ Write SQL, nothing else.']);
});

describe('a cache marker', () => {
  const marked = (message: Message, marker: object): Message => ({
    ...message,
    parts: message.parts.map((part) => ({ ...part, ...marker })),
  });

  test.each([
    [{ cache_control: { type: 'ephemeral' } }],
    [{ cacheControl: { type: 'ephemeral' } }],
    [{ providerOptions: { anthropic: { cacheControl: { type: 'ephemeral' } } } }],
  ])('that moves changes nothing: %j', (marker) => {
    const before = contextOf({ messages: [marked(question, marker)] });
    const after = contextOf({ messages: [question, marked(lookup, marker)] });
    const lines = diffContexts(before, after);
    expect(countStates(lines)).toEqual({ same: 1, added: 1, removed: 0, changed: 0 });
    expect(lines[0]).toMatchObject({ state: 'same', markerMoved: true });
  });

  test('that is a block of its own is left out', () => {
    const point = { type: 'data' as const, value: { cachePoint: { type: 'default' } } };
    const before = contextOf({ messages: [{ ...question, parts: [...question.parts, point] }] });
    expect(diffContexts(before, contextOf({ messages: [question] }))).toMatchObject([
      { state: 'same', markerMoved: true },
    ]);
  });
});

test('the order of fields says nothing, the value does', () => {
  const before = contextOf({ messages: [call('1', 'search', { query: 'a', limit: 3 })] });
  const same = contextOf({ messages: [call('1', 'search', { limit: 3, query: 'a' })] });
  const other = contextOf({ messages: [call('1', 'search', { limit: 4, query: 'a' })] });
  expect(countStates(diffContexts(before, same)).same).toBe(1);
  expect(countStates(diffContexts(before, other)).changed).toBe(1);
});

test('a tool that came, went or changed is told by its name', () => {
  const tool = (name: string, description: string) => ({ type: 'function', name, description });
  const before = contextOf({ tools: [tool('a', 'one'), tool('b', 'two'), tool('c', 'three')], messages: [] });
  const after = contextOf({
    tools: [tool('a', 'one'), tool('c', 'quite another thing'), tool('d', 'four')],
    messages: [],
  });
  const lines = diffContexts(before, after);
  expect(lines.map(({ state, entry }) => `${signs[state]}${entry.name}`)).toEqual(['=a', '-b', '~c', '+d']);
});

test('two conversations without anything in common are compared within a moment', () => {
  const many = (word: string) =>
    contextOf({ messages: Array.from({ length: 3_000 }, (_, place) => text('user', `${word} ${place}`)) });
  const started = performance.now();
  const counts = countStates(diffContexts(many('left'), many('right')));
  expect(counts).toEqual({ same: 0, added: 3_000, removed: 3_000, changed: 0 });
  expect(performance.now() - started).toBeLessThan(2_000);
});
