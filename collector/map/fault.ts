import type { OtlpLogRecord, OtlpSpan } from '../receive/otlp.ts';
import { isGenAiEvent } from './conventions/gen-ai-events.ts';

/** The time that rows may carry: `oldestNs` inclusive, by retention; `newestNs` inclusive, some clock skew ahead of now. */
export interface TimeBounds {
  oldestNs: bigint;
  newestNs: bigint;
  retentionDays: number;
}

export const clockSkewMs = 86_400_000;

/** Older spans are not taken, however long they would be kept: ClickHouse refuses an insert of more than 1,000 weeks. */
export const acceptedDaysMax = 998 * 7;

/** The bounds as of `nowMs`. */
export function timeBounds(nowMs: number, retentionDays: number): TimeBounds {
  const acceptedDays = Math.min(retentionDays, acceptedDaysMax);
  return {
    oldestNs: BigInt(nowMs - acceptedDays * 86_400_000) * 1_000_000n,
    newestNs: BigInt(nowMs + clockSkewMs) * 1_000_000n,
    retentionDays: acceptedDays,
  };
}

/** Why this span cannot be stored, in words for its sender; undefined when it can. */
export function findSpanFault(span: OtlpSpan, bounds: TimeBounds): string | undefined {
  return (
    findIdFault('trace id', span.traceId, 16) ??
    findIdFault('span id', span.spanId, 8) ??
    (span.parentSpanId.length === 0 || span.parentSpanId.length === 8
      ? undefined
      : 'parent span id is not 8 bytes (16 hex digits)') ??
    findTimeFault('start time', span.startTimeUnixNano, bounds) ??
    (span.endTimeUnixNano > maxTimeNs ? 'end time is out of range' : undefined)
  );
}

/** As `findSpanFault`; a record that belongs to no model call is one too. */
export function findLogFault(record: OtlpLogRecord, name: string, bounds: TimeBounds): string | undefined {
  if (!isGenAiEvent(name))
    return 'not a GenAI event (its event name does not begin with "gen_ai."): only those are stored';
  return (
    findIdFault('trace id', record.traceId, 16) ??
    findIdFault('span id', record.spanId, 8) ??
    findTimeFault('time', record.timeUnixNano === 0n ? record.observedTimeUnixNano : record.timeUnixNano, bounds) ??
    (record.observedTimeUnixNano > maxTimeNs ? 'observed time is out of range' : undefined)
  );
}

const maxTimeNs = 2n ** 63n - 1n;

function findIdFault(what: string, id: Uint8Array, length: number): string | undefined {
  if (id.length !== length) return `${what} is not ${String(length)} bytes (${String(length * 2)} hex digits)`;
  return id.every((byte) => byte === 0) ? `${what} is all zeros` : undefined;
}

function findTimeFault(
  what: string,
  timeNs: bigint,
  { oldestNs, newestNs, retentionDays }: TimeBounds,
): string | undefined {
  if (timeNs === 0n) return `${what} is missing`;
  if (timeNs < oldestNs) return `${what} is older than the ${String(retentionDays)} days that are kept`;
  return timeNs > newestNs ? `${what} is more than ${String(clockSkewMs / 3_600_000)} hours in the future` : undefined;
}
