import type { AnyValue } from '../receive/otlp.ts';
import { kindFromOperation, normaliseFinishReason, normaliseProvider, type SpanKind } from './names.ts';
import type { Source } from './source.ts';
import { number, text, texts } from './value.ts';

// How rows of a table read an attribute: each gives undefined where the value says nothing.

/** An id of a session or a user; what a scrubber left in its place is none. */
export function identity(value: AnyValue): string | undefined {
  const given = text(value);
  return given === undefined || given.startsWith('[Scrubbed due to ') ? undefined : given;
}

/** The provider by OpenTelemetry's name. */
export function provider(value: AnyValue): string | undefined {
  const given = text(value);
  return given === undefined ? undefined : normaliseProvider(given);
}

/** A model's name; some emitters say that they know none. */
export function model(value: AnyValue): string | undefined {
  const given = text(value);
  return given === 'none' || given === 'unknown' ? undefined : given;
}

/** The kind that `gen_ai.operation.name` means. */
export function operationKind(value: AnyValue): SpanKind | undefined {
  const operation = text(value);
  return operation === undefined ? undefined : kindFromOperation(operation);
}

/** The entry that a name has in a table; case does not count where the table is in lower case. */
export function oneOf<Entry>(table: ReadonlyMap<string, Entry>): (value: AnyValue) => Entry | undefined {
  return (value) => {
    const given = text(value);
    return given === undefined ? undefined : (table.get(given) ?? table.get(given.toLowerCase()));
  };
}

/** One word a reason, from a list, a JSON list or a single name. */
export function finishReasons(value: AnyValue): string[] {
  return texts(value).filter(Boolean).map(normaliseFinishReason);
}

/** Also as text, in Python's spelling, too. */
export function isTrue(value: AnyValue): true | undefined {
  return value === true || value === 'true' || value === 'True' ? true : undefined;
}

const maxDurationMs = 1e12;
const maxDurationNs = BigInt(maxDurationMs) * 1_000_000n;

export function secondsAsNs(value: AnyValue): bigint | undefined {
  return durationNs(value, 1_000);
}

export function millisecondsAsNs(value: AnyValue): bigint | undefined {
  return durationNs(value, 1);
}

function durationNs(value: AnyValue, unitMs: number): bigint | undefined {
  const given = number(value);
  const milliseconds = given === undefined ? -1 : given * unitMs;
  return milliseconds >= 0 && milliseconds < maxDurationMs ? BigInt(Math.round(milliseconds * 1e6)) : undefined;
}

/** From the span's start to a point in time that is given in ISO 8601, also as a JSON text. */
export function sinceStartNs(value: AnyValue, { span }: Source): bigint | undefined {
  const given = text(value)?.replaceAll('"', '');
  const timeMs = given === undefined ? Number.NaN : Date.parse(given);
  if (!Number.isFinite(timeMs)) return undefined;
  const sinceNs = BigInt(timeMs) * 1_000_000n - span.startTimeUnixNano;
  // The clock of such times ticks in milliseconds, that of spans may be finer.
  if (sinceNs < -1_000_000n || sinceNs > maxDurationNs) return undefined;
  return sinceNs < 0n ? 0n : sinceNs;
}
