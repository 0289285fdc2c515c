import { expect, test } from 'vitest';
import type { Turn } from '../../../../runtime/sessions/record.ts';
import { doneSpans, turnSpans } from '../../../../runtime/telemetry/turn-spans.ts';
import { makeBusyConversation, supportFacts } from '../../../support/runtime-turns.ts';

const { session, turns } = makeBusyConversation('session-1');
const [first, turn] = turns;

test('a turn that waits gives the spans of what it has done, the same that its end gives again', () => {
  const whole = turnSpans({ session, earlier: [first], turn, agent: supportFacts });
  for (let count = 0; count <= turn.entries.length; count += 1) {
    const waiting: Turn = { ...turn, state: 'running', end: null, entries: turn.entries.slice(0, count) };
    const done = doneSpans({ session, earlier: [first], turn: waiting, agent: supportFacts });
    for (const span of done) expect(whole).toContainEqual(span);
    expect(done.some(({ name }) => name.startsWith('invoke_agent'))).toBe(false);
  }
});

test('a tool that was begun and has no result is none of them', () => {
  const begun = turn.entries.findIndex(({ type }) => type === 'tool_started');
  const waiting: Turn = { ...turn, state: 'running', end: null, entries: turn.entries.slice(0, begun + 1) };
  const done = doneSpans({ session, earlier: [first], turn: waiting, agent: supportFacts });
  expect(done.map(({ name }) => name.split(' ')[0])).toEqual(['chat', 'chat', 'chat']);
});
