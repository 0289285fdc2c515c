import { describe, expect, it } from 'vitest';
import { findLogFault, findSpanFault, timeBounds } from '../../../../collector/map/fault.ts';
import { weekOf } from '../../../../collector/map/store-messages.ts';
import type { WireSpan } from '../../../support/otlp-encode.ts';
import { recordOf, spanOf } from './otlp-fixture.ts';

const nowMs = Date.UTC(2026, 10, 22, 12);
const bounds = timeBounds(nowMs, 400);
const dayNs = 86_400_000_000_000n;
const nowNs = BigInt(nowMs) * 1_000_000n;

function spanFault(fields: Partial<WireSpan>): string | undefined {
  return findSpanFault(spanOf({}, fields), bounds);
}

describe('findSpanFault', () => {
  it('finds none in a span with ids and a time', () => {
    expect(spanFault({})).toBeUndefined();
    expect(spanFault({ parentSpanId: '00'.repeat(8) })).toBeUndefined();
    expect(spanFault({ endTimeUnixNano: '0' })).toBeUndefined();
    expect(spanFault({ endTimeUnixNano: '9223372036854775807' })).toBeUndefined();
  });

  it.each([
    [{ traceId: '' }, 'trace id is not 16 bytes (32 hex digits)'],
    [{ traceId: 'ab'.repeat(8) }, 'trace id is not 16 bytes (32 hex digits)'],
    [{ traceId: '00'.repeat(16) }, 'trace id is all zeros'],
    [{ spanId: 'ab' }, 'span id is not 8 bytes (16 hex digits)'],
    [{ spanId: '00'.repeat(8) }, 'span id is all zeros'],
    [{ parentSpanId: 'ab'.repeat(16) }, 'parent span id is not 8 bytes (16 hex digits)'],
    [{ startTimeUnixNano: '0' }, 'start time is missing'],
    [{ startTimeUnixNano: String(nowNs - 400n * dayNs - 1n) }, 'start time is older than the 400 days that are kept'],
    [{ startTimeUnixNano: String(nowNs + dayNs + 1n) }, 'start time is more than 24 hours in the future'],
    [{ endTimeUnixNano: '9223372036854775808' }, 'end time is out of range'],
  ])('finds the fault of %j', (fields, fault) => {
    expect(spanFault(fields)).toBe(fault);
  });

  it('takes times up to both bounds', () => {
    expect(spanFault({ startTimeUnixNano: String(nowNs - 400n * dayNs) })).toBeUndefined();
    expect(spanFault({ startTimeUnixNano: String(nowNs + dayNs) })).toBeUndefined();
  });
});

describe('timeBounds', () => {
  it.each([1, 400, 4_000, 36_500])('hold as many weeks as one insert may have partitions, of %i days', (days) => {
    for (let hour = 0; hour < 7 * 24; hour += 1) {
      const { oldestNs, newestNs } = timeBounds(nowMs + hour * 3_600_000, days);
      const weeks = (weekOf(newestNs) - weekOf(oldestNs)) / 7 + 1;
      expect(weeks).toBeLessThanOrEqual(Math.min(1_000, days / 7 + 2.2));
    }
  });

  it('say how far back spans are taken', () => {
    const old = { startTimeUnixNano: String(nowNs - 7_000n * dayNs) };
    expect(findSpanFault(spanOf({}, old), timeBounds(nowMs, 36_500))).toBe(
      'start time is older than the 6986 days that are kept',
    );
    expect(spanFault({ startTimeUnixNano: String(1n) })).toBe('start time is older than the 400 days that are kept');
    expect(spanFault({ startTimeUnixNano: String(7_258_118_400n * 1_000_000_000n) })).toBe(
      'start time is more than 24 hours in the future',
    );
  });
});

describe('findLogFault', () => {
  it.each([
    [{}, undefined],
    [{ timeUnixNano: '0', observedTimeUnixNano: String(nowNs) }, undefined],
    [{ timeUnixNano: '0' }, 'time is missing'],
    [{ observedTimeUnixNano: '18446744073709551615' }, 'observed time is out of range'],
    [{ traceId: '' }, 'trace id is not 16 bytes (32 hex digits)'],
    [{ spanId: '' }, 'span id is not 8 bytes (16 hex digits)'],
  ])('judges %j', (fields, fault) => {
    expect(findLogFault(recordOf(fields), 'gen_ai.choice', bounds)).toBe(fault);
  });

  it('finds that an event is none of a model call', () => {
    expect(findLogFault(recordOf({}), 'exception', bounds)).toMatch(/^not a GenAI event/);
    expect(findLogFault(recordOf({}), '', bounds)).toMatch(/^not a GenAI event/);
  });
});
