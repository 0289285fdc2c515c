import { formatAbsolute, formatDate, toMs } from '../../components/time.ts';

/** Settlement proves its sums half a minute behind; a few minutes mean that it stands still. */
const lateMs = 5 * 60_000;

/** Up to when the sums are proven to be whole: `booked exactly up to 12:03:05`. */
export function formatBooked(verifiedTo: string | null, nowMs: number): { text: string; title: string; late: boolean } {
  if (verifiedTo === null) {
    return { text: 'nothing booked yet', title: 'Settlement has not finished its first pass.', late: false };
  }
  const ms = toMs(verifiedTo);
  const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(ms);
  const isToday = new Date(ms).toDateString() === new Date(nowMs).toDateString();
  const late = nowMs - ms > lateMs;
  return {
    text: `booked exactly up to ${isToday ? '' : `${formatDate(ms, nowMs)}, `}${clock}`,
    title:
      `Every span that arrived before ${formatAbsolute(verifiedTo)} is in these sums exactly once; later ones are mostly in.` +
      (late ? ' Settlement is behind: it should be less than a minute.' : ''),
    late,
  };
}
