/* Points in time for people: relative in the text, absolute with its zone in the title. */

const msPerMinute = 60_000;
const msPerHour = 3_600_000;
const msPerDay = 86_400_000;

/** Milliseconds since 1970 of a nanosecond time, for dates and axes; nanoseconds stay in the bigint. */
export function toMs(unixNano: string | bigint): number {
  return Number(BigInt(unixNano) / 1_000_000n);
}

/** `just now`, `40 s ago`, `3 min ago`, `5 h ago`, `2 d ago`, then the date; a future time says `in 3 min`. */
export function formatRelative(unixNano: string | bigint, nowMs: number): string {
  const ms = toMs(unixNano);
  const ageMs = nowMs - ms;
  const size = Math.abs(ageMs);
  if (size < 5_000) return 'just now';
  if (size >= 7 * msPerDay) return formatDate(ms, nowMs);
  const amount =
    size < msPerMinute
      ? `${Math.floor(size / 1_000)} s`
      : size < msPerHour
        ? `${Math.floor(size / msPerMinute)} min`
        : size < msPerDay
          ? `${Math.floor(size / msPerHour)} h`
          : `${Math.floor(size / msPerDay)} d`;
  return ageMs > 0 ? `${amount} ago` : `in ${amount}`;
}

/** `22 Nov`, with the year where it is not this one. */
export function formatDate(ms: number, nowMs: number): string {
  const sameYear = new Date(ms).getFullYear() === new Date(nowMs).getFullYear();
  return new Intl.DateTimeFormat('en-GB', {
    day: 'numeric',
    month: 'short',
    ...(sameYear ? {} : { year: 'numeric' }),
  }).format(ms);
}

/** `22 Nov 2026, 12:03:11.093 (Europe/Berlin)`; all nine digits where they are not zero. */
export function formatAbsolute(unixNano: string | bigint): string {
  const ns = BigInt(unixNano);
  const date = new Intl.DateTimeFormat('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).format(toMs(ns));
  const digits = (ns % 1_000_000_000n).toString().padStart(9, '0');
  const fraction = digits.endsWith('000000') ? digits.slice(0, 3) : digits;
  return `${date}.${fraction} (${zoneName()})`;
}

/** `22 Nov, 12:03` or, within one day of `nowMs`, `12:03`: enough to tell two ends of a range apart. */
export function formatMoment(ms: number, nowMs: number): string {
  const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' }).format(ms);
  const today = new Date(ms).toDateString() === new Date(nowMs).toDateString();
  return today ? clock : `${formatDate(ms, nowMs)}, ${clock}`;
}

/** The zone that every absolute time is in, such as `Europe/Berlin` or `UTC`. */
export function zoneName(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** The zone's distance from UTC at a moment, such as `UTC+1`. */
export function zoneOffset(ms: number): string {
  const minutes = -new Date(ms).getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const size = Math.abs(minutes);
  const rest = size % 60 === 0 ? '' : `:${String(size % 60).padStart(2, '0')}`;
  return `UTC${minutes > 0 ? '+' : '−'}${Math.floor(size / 60)}${rest}`;
}

/** `1 min`, `15 min`, `2 h`, `1 d`: a bucket's or a preset's width. */
export function formatWidth(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  if (ms < msPerMinute) return `${round(ms / 1_000)} s`;
  if (ms < msPerHour) return `${round(ms / msPerMinute)} min`;
  if (ms < msPerDay) return `${round(ms / msPerHour)} h`;
  return `${round(ms / msPerDay)} d`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
