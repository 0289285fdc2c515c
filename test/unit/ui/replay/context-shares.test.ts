import { expect, test } from 'vitest';
import { measureContext } from '../../../../ui/replay/context-shares.ts';
import { call, contextOf, result, text } from './detail-fixture.ts';

test('every character is in one share', () => {
  const measure = measureContext(
    contextOf({
      system: 'x'.repeat(30),
      tools: [{ name: 'a' }],
      messages: [
        text('user', 'y'.repeat(10)),
        text('assistant', 'z'.repeat(20)),
        text('user', 'n'.repeat(25)),
        call('1', 'look', {}),
        result('1', 'o'.repeat(40)),
      ],
    }),
  );
  const byName = Object.fromEntries(measure.shares.map(({ name, chars, items }) => [name, [chars, items]]));
  expect(byName).toEqual({
    system: [30, 1],
    tools: [12, 1],
    history: [36, 3],
    toolOutput: [40, 1],
    newMessage: [25, 1],
  });
  expect(measure.chars).toBe(143);
  expect(measure.shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
  expect(measure.shares.find(({ name }) => name === 'toolOutput')?.firstEntry).toBe(6);
});

test('results in a message of the user are tool output, and the words beside them are not', () => {
  const mixed = {
    role: 'user',
    parts: [
      { type: 'tool_call_response' as const, id: '1', result: '12345' },
      { type: 'text' as const, content: 'and?' },
    ],
  };
  const [system, , , toolOutput, newMessage] = measureContext(
    contextOf({ messages: [text('system', 'sys'), mixed] }),
  ).shares;
  expect([system?.chars, toolOutput?.chars, newMessage?.chars]).toEqual([3, 5, 4]);
});

test('nothing given is no division by zero; media are counted, not measured', () => {
  const picture = {
    role: 'user',
    parts: [{ type: 'media' as const, modality: 'image', mimeType: null, content: 'AAAA' }],
  };
  const measure = measureContext(contextOf({ messages: [picture] }));
  expect(measure).toMatchObject({ chars: 0, mediaCount: 1 });
  expect(measure.shares.every(({ share }) => share === 0)).toBe(true);
});
