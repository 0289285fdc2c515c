import { expect, test } from 'vitest';
import { groupRuns, readContext } from '../../../../ui/replay/context-reading.ts';
import type { SpanDetail } from '../../../../ui/api/types.ts';
import { listModelCalls } from '../../../../ui/replay/model-calls.ts';
import { readPosition, readTurnWords, writePosition } from '../../../../ui/replay/position.ts';
import { call, result, text } from './detail-fixture.ts';
import { step, turnOf } from './turn-fixture.ts';

test('a position is a turn or a step of it, counted from one', () => {
  expect(readPosition('12')).toEqual({ turn: 11, spanId: null });
  expect(readPosition('12.00f067aa0ba902b7')).toEqual({ turn: 11, spanId: '00f067aa0ba902b7' });
  for (const wrong of [null, '', '0', '-1', '1.', '1.xyz', 'last', '9999999']) {
    expect(readPosition(wrong)).toBeUndefined();
  }
  expect(writePosition({ turn: 11, spanId: null })).toBe('12');
  expect(readPosition(writePosition({ turn: 0, spanId: '00f067aa0ba902b7' }))?.spanId).toBe('00f067aa0ba902b7');
});

test('the words of a turn stand on one line without marks', () => {
  expect(readTurnWords(turnOf([], 'Where is\n\nmy **refund**?'))).toBe('Where is my refund?');
  expect(readTurnWords(turnOf([], null))).toBeNull();
});

test('unchanged neighbours are one run; a removed entry has no place', () => {
  const entry = { source: 'message' as const } as never; // only its state is looked at
  const runs = groupRuns([
    { state: 'same', entry, markerMoved: false },
    { state: 'same', entry, markerMoved: false },
    { state: 'removed', entry },
    { state: 'added', entry, wasOutput: false },
    { state: 'same', entry, markerMoved: false },
  ]);
  expect(runs.map(({ isSame, lines }) => [isSame, lines.map(({ place }) => place)])).toEqual([
    [true, [0, 1]],
    [false, [-1]],
    [false, [2]],
    [true, [3]],
  ]);
});

test('a call is compared with the one before that has anything in common with it', async () => {
  const question = text('user', 'Where is my refund?');
  const given: Record<string, SpanDetail['inputMessages']> = {
    first: [question],
    title: [text('user', 'Make a title of three words.')],
    second: [question, call('1', 'lookup', {}), result('1', 'returned')],
  };
  const steps = Object.keys(given).map((id, place) => step(id, null, [place, place + 1], { kind: 'llm' }));
  const calls = listModelCalls([turnOf(steps)]);
  const load = (key: string) => {
    const id = key.split('/')[1] ?? '';
    const detail = { ...steps.find(({ spanId }) => spanId === id), systemInstructions: [], toolDefinitions: [] };
    return Promise.resolve({ ...detail, inputMessages: given[id] ?? [], outputMessages: [] } as unknown as SpanDetail);
  };
  const second = calls.byStep.get('trace/second');
  if (second === undefined) throw new Error('no call');
  const reading = await readContext(second, { calls, load });
  expect(reading.before?.step.spanId).toBe('first');
  expect(reading.lines.map(({ state }) => state)).toEqual(['same', 'added', 'added']);
  expect(reading.toolNames.get('1')).toBe('lookup');
});
