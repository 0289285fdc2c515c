import { describe, expect, it } from 'vitest';
import { layBars } from '../../../../../ui/pages/ingest/chart-bars.ts';
import { describeSpool, formatShare } from '../../../../../ui/pages/ingest/ingest-words.ts';

const minute = 60_000;
const bucket = (startMs: number, counts: { stored?: number; spooled?: number; rejected?: number }) => {
  const { stored = 0, spooled = 0, rejected = 0 } = counts;
  const received = stored + spooled + rejected;
  return { timeUnixNano: `${startMs}000000`, received, stored, spooled, rejected, refusedRequests: 0 };
};

describe('the bars of what was received', () => {
  const reply = {
    bucketMs: minute,
    buckets: [bucket(minute, { stored: 90, rejected: 10 }), bucket(3 * minute, { stored: 99_999, spooled: 1 })],
  };
  const bars = layBars(reply, { fromMs: minute + 1, toMs: 5 * minute }, { width: 400, height: 100 });

  it('are one for each bucket of the window, with gaps where nothing came', () => {
    expect(bars.map(({ startMs, received, x }) => [startMs / minute, received, x])).toEqual([
      [1, 100, 0],
      [2, 0, 100],
      [3, 100_000, 200],
      [4, 0, 300],
    ]);
  });

  it('stand on the base line, one part on the other, and show the smallest part', () => {
    expect(bars[2]?.boxes.map(({ fate, height }) => [fate, Math.round(height)])).toEqual([
      ['stored', 100],
      ['spooled', 2],
    ]);
    expect(bars[0]?.boxes.map(({ y, height }) => y + height)).toEqual([100, 98]);
    expect(bars[1]?.boxes).toEqual([]);
  });
});

it.each([
  [0, 10, '0 %'],
  [0, 0, '0 %'],
  [1, 1_000_000, '< 0.1 %'],
  [23, 1_000, '2.3 %'],
  [1, 3, '33 %'],
  [999_999, 1_000_000, '> 99.9 %'],
  [7, 7, '100 %'],
])('%i of %i is %s', (part, whole, text) => {
  expect(formatShare(part, whole)).toBe(text);
});

it('says what is on a disk, and whether ClickHouse is back', () => {
  const collector = {
    ...{ collector: 'c', version: '1', startedUnixNano: '0', seenUnixNano: '0', hasEnded: false, circuit: 'open' },
    ...{ queuedBytes: 0, queueLimitBytes: 1, spoolRequests: 1, spoolBytes: 2_048, spoolLimitBytes: 1 },
    ...{ spoolOldestUnixNano: '0', deadLetterBytes: 0 },
  };
  expect(describeSpool(collector, 180_000)).toBe(
    'ClickHouse is away: 1 request (2.00 KiB) is safe on disk, the oldest received 3 min ago.',
  );
  expect(describeSpool({ ...collector, circuit: 'closed' }, 180_000)).toContain('being moved into ClickHouse');
  expect(describeSpool({ ...collector, spoolRequests: 0 }, 0)).toBeNull();
});
