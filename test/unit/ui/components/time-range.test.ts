import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  describeLast,
  findWider,
  parseRangeText,
  presets,
  readLastToken,
  resolveRange,
} from '../../../../ui/components/range/time-range.ts';

const now = Date.UTC(2026, 10, 22, 12, 30, 0);
const at = (text: string) => Date.parse(text);

function read(text: string) {
  const reading = parseRangeText(text, now);
  if ('problem' in reading) return reading.problem;
  const { fromMs, toMs } = resolveRange(reading.range, now);
  return [fromMs, toMs];
}

const hour = 3_600_000;

describe('a typed range', () => {
  test.each([
    ['last 3h', now - 3 * hour, now],
    ['3h', now - 3 * hour, now],
    ['past 15 minutes', now - hour / 4, now],
    ['the last day', now - 24 * hour, now],
    ['  LAST   2 W ', now - 14 * 24 * hour, now],
    ['today', at('2026-11-22T00:00:00Z'), at('2026-11-23T00:00:00Z')],
    ['yesterday', at('2026-11-21T00:00:00Z'), at('2026-11-22T00:00:00Z')],
    ['2026-11-20', at('2026-11-20T00:00:00Z'), at('2026-11-21T00:00:00Z')],
    ['2026-11-20 / 2026-11-21', at('2026-11-20T00:00:00Z'), at('2026-11-22T00:00:00Z')],
    ['2026-11-20T10:00Z/2026-11-20T12:30:15Z', at('2026-11-20T10:00:00Z'), at('2026-11-20T12:30:15Z')],
    ['2026-11-20 10:00 to 2026-11-20 11:00', at('2026-11-20T10:00:00Z'), at('2026-11-20T11:00:00Z')],
    ['2026-11-20T10:00:00.250+01:00 – now', at('2026-11-20T09:00:00.250Z'), now],
    ['2026-11-20T10:00Z/PT1H30M', at('2026-11-20T10:00:00Z'), at('2026-11-20T11:30:00Z')],
    ['P1D/2026-11-20T10:00Z', at('2026-11-19T10:00:00Z'), at('2026-11-20T10:00:00Z')],
    ['1795376862 - 1795376900', 1_795_376_862_000, 1_795_376_900_000],
    ['1795376862093000000/PT1M', 1_795_376_862_093, 1_795_376_922_093],
  ])('%s is understood', (text, fromMs, toMs) => {
    expect(read(text)).toEqual([fromMs, toMs]);
  });

  test.each([
    ['', 'No time range given.'],
    ['tomorrowish', '“tomorrowish” is not a time range.'],
    ['last 0h', 'A time range cannot be empty.'],
    ['last 500 days', 'Spans are kept for 400 days'],
    ['2026-02-30', '“2026-02-30” is not a time range.'],
    ['2026-11-20 / soon', '“soon” is not a time.'],
    ['2026-11-22 / 2026-11-20', 'The end of the range is not after its start.'],
  ])('%j is refused in words', (text, problem) => {
    expect(read(text)).toContain(problem);
  });

  test('any text gets an answer', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const reading = parseRangeText(text, now);
        expect(
          'problem' in reading || resolveRange(reading.range, now).fromMs < resolveRange(reading.range, now).toMs,
        ).toBe(true);
      }),
    );
  });
});

test('presets read back from the address', () => {
  for (const preset of presets) {
    expect(preset.kind === 'last' && readLastToken(preset.text)).toEqual(preset);
  }
});

test('presets have words', () => {
  expect(presets.map((preset) => (preset.kind === 'last' ? describeLast(preset) : ''))).toEqual([
    'last 15 minutes',
    'last hour',
    'last 3 hours',
    'last 24 hours',
    'last 7 days',
    'last 30 days',
    'last 90 days',
  ]);
});

test('the next wider range reaches further back, and ends at the longest', () => {
  const wider = (text: string) => {
    const range = readLastToken(text);
    const found = range && findWider(range, now);
    return found?.kind === 'last' ? found.text : undefined;
  };
  expect(wider('15m')).toBe('1h');
  expect(wider('24h')).toBe('7d');
  expect(wider('90d')).toBeUndefined();
  expect(findWider({ kind: 'between', fromMs: now - 5 * hour, toMs: now - 4 * hour }, now)).toEqual(
    readLastToken('24h'),
  );
});
