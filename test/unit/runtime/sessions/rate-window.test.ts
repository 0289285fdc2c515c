import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { correctWindow, type RateBucket, takeOfWindow } from '../../../../runtime/sessions/rate-window.ts';

const at = (second: number) => second * 1000 + 500;

describe('a call that is above the limit', () => {
  test('waits until the calls in its way are more than a minute old', () => {
    const buckets: RateBucket[] = [
      [100, 1, 10],
      [130, 2, 20],
    ];
    const take = (nowMs: number) =>
      takeOfWindow(buckets, { nowMs, tokens: 5, requestsPerMinute: 3, tokensPerMinute: 1_000 }).taken;
    expect(take(at(140))).toEqual({ status: 'full', limit: 'requestsPerMinute', waitMs: 20_500 });
    expect(take(at(140) + 20_499)).toMatchObject({ status: 'full', waitMs: 1 });
    expect(take(at(140) + 20_500)).toEqual({ status: 'taken', second: 161, tokens: 5 });
  });

  test('is told the limit that makes it wait longest', () => {
    const buckets: RateBucket[] = [
      [100, 2, 10],
      [130, 1, 90],
    ];
    const taken = takeOfWindow(buckets, { nowMs: at(140), tokens: 50, requestsPerMinute: 3, tokensPerMinute: 100 });
    expect(taken.taken).toEqual({ status: 'full', limit: 'tokensPerMinute', waitMs: 50_500 });
    expect(taken.buckets).toEqual(buckets);
  });
});

test('a call that is larger than the limit is made alone', () => {
  const take = (buckets: readonly RateBucket[]) =>
    takeOfWindow(buckets, { nowMs: at(100), tokens: 5_000, tokensPerMinute: 100 });
  const first = take([]);
  expect(first.taken).toEqual({ status: 'taken', second: 100, tokens: 100 });
  expect(take(first.buckets).taken).toMatchObject({ status: 'full', limit: 'tokensPerMinute' });
});

test('what a call really was takes the place of what it was taken for, while it counts', () => {
  const buckets: RateBucket[] = [[100, 2, 50]];
  expect(correctWindow(buckets, { second: 100, requests: 0, tokens: -30 })).toEqual([[100, 2, 20]]);
  expect(correctWindow(buckets, { second: 100, requests: -1, tokens: -80 })).toEqual([[100, 1, 0]]);
  expect(correctWindow(buckets, { second: 99, requests: -1, tokens: -30 })).toEqual(buckets);
});

test('a clock that was an hour ahead keeps nobody waiting', () => {
  const taken = takeOfWindow([[3_700, 9, 9]], { nowMs: at(100), tokens: 1, requestsPerMinute: 1 });
  expect(taken).toEqual({ taken: { status: 'taken', second: 100, tokens: 1 }, buckets: [[100, 1, 1]] });
});

test('in no 60 seconds, whenever they begin, is more than the limits allow, and who waits as told gets on', () => {
  const limits = { requestsPerMinute: 7, tokensPerMinute: 100 };
  const step = fc.record({
    pauseMs: fc.nat({ max: 15_000 }),
    tokens: fc.integer({ min: 1, max: 60 }),
    waits: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      let buckets: readonly RateBucket[] = [];
      let nowMs = 1_000_000;
      const made: { atMs: number; tokens: number }[] = [];
      for (const { pauseMs, tokens, waits } of steps) {
        nowMs += pauseMs;
        let { taken, buckets: next } = takeOfWindow(buckets, { ...limits, tokens, nowMs });
        if (taken.status === 'full' && waits) {
          nowMs += taken.waitMs;
          ({ taken, buckets: next } = takeOfWindow(buckets, { ...limits, tokens, nowMs }));
          expect(taken.status).toBe('taken');
        }
        buckets = next;
        if (taken.status === 'taken') made.push({ atMs: nowMs, tokens });
      }
      for (const { atMs } of made) {
        const within = made.filter((one) => one.atMs > atMs - 60_000 && one.atMs <= atMs);
        expect(within.length).toBeLessThanOrEqual(limits.requestsPerMinute);
        expect(within.reduce((sum, one) => sum + one.tokens, 0)).toBeLessThanOrEqual(limits.tokensPerMinute);
      }
    }),
  );
});
