import { describe, expect, test } from 'vitest';
import { findLoop, isCircling } from '../../../../runtime/run/loop-detection.ts';
import type { Entry, ToolEntry } from '../../../../runtime/sessions/record.ts';

function made(args: string, text: string, more: Partial<ToolEntry> = {}): ToolEntry {
  const call = { callId: 'x', step: 0, name: 'look', toolType: 'http', arguments: args } as const;
  return { type: 'tool', ...call, text, attempts: 1, startMs: 0, endMs: 0, ...more };
}
const call = (args: string, name = 'look') => ({ id: 'y', name, arguments: args });
const refused = made('{"a":1}', 'no', { failure: 'loop_detected' });

describe('a call that was made twice with the same result', () => {
  const twice = [made('{"a":1,"b":[2]}', 'same'), made('{"b":[2],"a":1}', 'same')];

  test('is not made again, whatever the order and spacing of its arguments', () => {
    expect(findLoop(twice, call('{ "b": [2], "a": 1 }'))).toBe(
      'This call was made 2 times with the same arguments and the same result, so it was not made again. Use what is there, or do something else.',
    );
    expect(findLoop([...twice, refused], call('{"a":1,"b":[2]}'))).toBeDefined();
  });

  test('is made with other arguments, or of another tool', () => {
    expect(findLoop(twice, call('{"a":1,"b":[3]}'))).toBeUndefined();
    expect(findLoop(twice, call('{"a":1,"b":[2]}', 'find'))).toBeUndefined();
  });
});

test('a call whose results differ waits for something and is made', () => {
  const polls = ['10 %', '50 %', '50 %', '90 %'].map((text) => made('{}', text));
  expect(findLoop(polls, call('{}'))).toBeUndefined();
  expect(findLoop(polls.slice(0, 3), call('{}'))).toBeDefined();
});

test('arguments that are no JSON are the same if they are the same text', () => {
  const broken = [made('{a', 'wrong'), made('{a', 'wrong')];
  expect(findLoop(broken, call('{a'))).toBeDefined();
  expect(findLoop(broken, call('{a '))).toBeUndefined();
  const deep = '['.repeat(200_000) + ']'.repeat(200_000);
  expect(findLoop([made(deep, 'x'), made(deep, 'x')], call(deep))).toBeDefined();
});

test('one call is no loop, and three that were refused are the end', () => {
  expect(findLoop([made('{}', 'x')], call('{}'))).toBeUndefined();
  expect(findLoop([], call('{}'))).toBeUndefined();
  const entries: Entry[] = [refused, made('{}', 'x'), refused];
  expect(isCircling(entries)).toBe(false);
  expect(isCircling([...entries, refused])).toBe(true);
});
