/*
 * The time range that a list shows: the last so-and-so long, or from one moment to another.
 * Times are milliseconds since 1970, which is as fine as a person picks them.
 */

import { type CalendarPreset, findCalendarPreset, isUntilNow, resolveCalendarPreset } from './calendar-presets.ts';

/** With a preset it is that one, whenever it is looked at; its moments are those of when it was read. */
export type TimeRange =
  | { kind: 'last'; text: string; widthMs: number }
  | { kind: 'between'; fromMs: number; toMs: number; preset?: CalendarPreset };

export type RangeReading = { range: TimeRange } | { problem: string };

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const unitMs: Record<string, number> = {
  s: 1_000,
  m: minuteMs,
  h: hourMs,
  d: dayMs,
  w: 7 * dayMs,
};
const unitWords: Record<string, string> = {
  s: 'second',
  m: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
};

/** Spans are kept for 400 days unless the operator says otherwise; more has nothing to show. */
const longestMs = 400 * dayMs;

export const presets: readonly TimeRange[] = ['15m', '1h', '3h', '24h', '7d', '30d', '90d'].map(readPreset);
export const defaultRange: TimeRange = readPreset('24h');

const allowed = 'Try “last 3h”, “yesterday”, “2026-11-22” or “2026-11-22T12:00Z / 2026-11-22T15:00Z”.';

/** Reads what a person typed or pasted; words without a zone are meant in the local zone. */
export function parseRangeText(text: string, nowMs: number): RangeReading {
  const words = text.trim().replace(/\s+/g, ' ');
  if (words === '') return { problem: `No time range given. ${allowed}` };
  return (
    readLast(words) ??
    readNamedDay(words, nowMs) ??
    readNamedPeriod(words, nowMs) ??
    readInterval(words, nowMs) ??
    readMoment(words) ?? {
      problem: `“${cutWords(words)}” is not a time range. ${allowed}`,
    }
  );
}

/** The short form of the address: `3h`, `7d`. Undefined for anything else. */
export function readLastToken(token: string): TimeRange | undefined {
  const reading = readLast(token);
  return reading !== undefined && 'range' in reading ? reading.range : undefined;
}

/** `this-month` and the like. Undefined for anything else. */
export function readCalendarToken(token: string, nowMs: number): TimeRange | undefined {
  const preset = findCalendarPreset(token);
  return preset === undefined ? undefined : { kind: 'between', ...resolveCalendarPreset(preset, nowMs), preset };
}

/** It ends now, whenever that is. */
export function endsNow(range: TimeRange): boolean {
  return range.kind === 'last' || (range.preset !== undefined && isUntilNow(range.preset));
}

/** The moments of a range, `toMs` exclusive. A range of the last so-and-so long ends now. */
export function resolveRange(range: TimeRange, nowMs: number): { fromMs: number; toMs: number } {
  if (range.kind === 'between' && range.preset !== undefined) return resolveCalendarPreset(range.preset, nowMs);
  if (range.kind === 'between') return { fromMs: range.fromMs, toMs: range.toMs };
  return { fromMs: nowMs - range.widthMs, toMs: nowMs };
}

/** `last 3 hours`, without its first word where the place says so already. */
export function describeLast(range: TimeRange & { kind: 'last' }): string {
  const [, amount = '', unit = ''] = /^(\d+)([smhdw])$/.exec(range.text) ?? [];
  const word = unitWords[unit] ?? '';
  return amount === '1' ? `last ${word}` : `last ${amount} ${word}s`;
}

/** The next longer preset, for “nothing here, look further back”. Undefined at the longest. */
export function findWider(range: TimeRange, nowMs: number): TimeRange | undefined {
  const { fromMs } = resolveRange(range, nowMs);
  return presets.find((preset) => preset.kind === 'last' && nowMs - preset.widthMs < fromMs - minuteMs);
}

function readPreset(text: string): TimeRange {
  const range = readLastToken(text);
  if (range === undefined) throw new Error(`${text} is no preset`);
  return range;
}

function readLast(words: string): RangeReading | undefined {
  const match =
    /^(?:(?:the )?(?:last|past) )?(\d{1,6}) ?(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)$/i.exec(
      words,
    ) ?? /^(?:the )?(?:last|past) ()(minute|hour|day|week)$/i.exec(words);
  if (match === null) return undefined;
  const amount = match[1] === '' ? 1 : Number(match[1]);
  const unit = match[2]?.charAt(0).toLowerCase() ?? '';
  const widthMs = amount * (unitMs[unit] ?? 0);
  if (widthMs === 0) return { problem: 'A time range cannot be empty.' };
  if (widthMs > longestMs) return { problem: 'Spans are kept for 400 days: nothing is older than that.' };
  return { range: { kind: 'last', text: `${amount}${unit}`, widthMs } };
}

function readNamedDay(words: string, nowMs: number): RangeReading | undefined {
  const name = words.toLowerCase();
  if (name !== 'today' && name !== 'yesterday') return undefined;
  const start = startOfDay(nowMs);
  return name === 'today' ? between(start, nextDay(start)) : between(startOfDay(start - 1), start);
}

/** `this month`, `last quarter`; the last week is seven days. */
function readNamedPeriod(words: string, nowMs: number): RangeReading | undefined {
  const range = readCalendarToken(words.toLowerCase().replace(' ', '-'), nowMs);
  return range === undefined ? undefined : { range };
}

/** `A/B`, `A to B`, `A – B`, with `P…` durations and `now` on either side. */
function readInterval(words: string, nowMs: number): RangeReading | undefined {
  const sides = splitSides(words);
  if (sides === undefined) return undefined;
  const [first, second] = sides;
  const start = readSide(first, nowMs);
  const end = readSide(second, nowMs);
  if (start?.kind === 'moment' && end?.kind === 'moment') return between(start.startMs, end.endMs);
  if (start?.kind === 'moment' && end?.kind === 'width') return between(start.startMs, start.startMs + end.widthMs);
  if (start?.kind === 'width' && end?.kind === 'moment') return between(end.startMs - start.widthMs, end.startMs);
  const wrong = start === undefined ? first : second;
  return { problem: `“${cutWords(wrong)}” is not a time. ${allowed}` };
}

/** One day, hour, minute or second, as coarse as it was written. */
function readMoment(words: string): RangeReading | undefined {
  const side = readTime(words);
  return side === undefined ? undefined : between(side.startMs, Math.max(side.endMs, side.startMs + 1_000));
}

function splitSides(words: string): [string, string] | undefined {
  const parts = words.split(/\s*\/\s*|\s+(?:to|until|till|–|—|-)\s+|\s*(?:–|—|\.\.+|→)\s*/i);
  const [first, second] = parts;
  if (parts.length !== 2 || first === undefined || second === undefined) return undefined;
  return first === '' || second === '' ? undefined : [first, second];
}

type Side = { kind: 'moment'; startMs: number; endMs: number } | { kind: 'width'; widthMs: number };

function readSide(text: string, nowMs: number): Side | undefined {
  if (text.toLowerCase() === 'now') return { kind: 'moment', startMs: nowMs, endMs: nowMs };
  return readIsoWidth(text) ?? readTime(text);
}

/** `PT1H30M`, `P2D`. */
function readIsoWidth(text: string): Side | undefined {
  const match = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/i.exec(text);
  if (match === null) return undefined;
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match
    .slice(1)
    .map((part: string | undefined) => Number(part ?? 0));
  const widthMs = weeks * 7 * dayMs + days * dayMs + hours * hourMs + minutes * minuteMs + seconds * 1_000;
  return widthMs === 0 ? undefined : { kind: 'width', widthMs };
}

/** ISO times of any coarseness, and Unix times in s, ms, µs or ns. The end is that of the day, minute or second named. */
function readTime(text: string): (Side & { kind: 'moment' }) | undefined {
  const epoch = readEpoch(text);
  if (epoch !== undefined) return { kind: 'moment', startMs: epoch, endMs: epoch };
  const match =
    /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?(?: ?(Z|[+-]\d\d(?::?\d\d)?))?$/i.exec(
      text,
    );
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second = '00', fraction = '', zone = ''] = match;
  const clock = hour === undefined ? '00:00:00' : `${hour}:${minute}:${second}`;
  const millis = fraction.padEnd(3, '0').slice(0, 3);
  const startMs = Date.parse(`${year}-${month}-${day}T${clock}.${millis}${writeZone(zone)}`);
  if (Number.isNaN(startMs) || !isRealDay(Number(year), Number(month), Number(day))) return undefined;
  const endMs = hour === undefined ? (zone === '' ? nextDay(startMs) : startMs + dayMs) : startMs;
  return { kind: 'moment', startMs, endMs };
}

function readEpoch(text: string): number | undefined {
  if (!/^\d{10}$|^\d{13}$|^\d{16}$|^\d{19}$/.test(text)) return undefined;
  // Seconds have ten digits until 2286; the finer units differ by three digits each.
  return text.length === 10 ? Number(text) * 1_000 : Number(text.slice(0, 13));
}

function writeZone(zone: string): string {
  if (zone === '' || zone.toUpperCase() === 'Z') return zone.toUpperCase();
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  return `${zone.charAt(0)}${digits.slice(0, 2)}:${digits.slice(2)}`;
}

function isRealDay(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

function between(fromMs: number, toMs: number): RangeReading {
  if (toMs <= fromMs) return { problem: 'The end of the range is not after its start.' };
  return { range: { kind: 'between', fromMs, toMs } };
}

function startOfDay(ms: number): number {
  const date = new Date(ms);
  date.setHours(0, 0, 0, 0);
  return date.getTime();
}

/** By the calendar: a day of 23 or 25 hours stays one day. */
function nextDay(startMs: number): number {
  const date = new Date(startMs);
  date.setDate(date.getDate() + 1);
  return date.getTime();
}

function cutWords(words: string): string {
  return words.length > 60 ? `${words.slice(0, 60)}…` : words;
}
