import { formatDate, toMs } from '../../../components/time.ts';

/** `22 Nov, 12:03:11`; today without its date. */
export function formatRowTime(unixNano: string, nowMs: number): string {
  const ms = toMs(unixNano);
  const clock = new Intl.DateTimeFormat('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).format(ms);
  const isToday = new Date(ms).toDateString() === new Date(nowMs).toDateString();
  return isToday ? clock : `${formatDate(ms, nowMs)}, ${clock}`;
}
