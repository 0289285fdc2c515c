import type { AlertWindow } from '../../contract/alert-rules.ts';
import { windowAt } from '../calendar.ts';
import { msPerDay } from '../time.ts';
import type { Measured } from './metrics.ts';

/** From inclusive, to exclusive; milliseconds since 1970. */
export interface MsWindow {
  fromMs: number;
  toMs: number;
}

const msPerMinute = 60_000;
/** A forecast goes on at the speed of so long: a whole day, and a whole week with its week-end. */
const trendMs = { day: msPerDay, week: 7 * msPerDay, month: 7 * msPerDay } as const;

/** The window of a rule that ends at a moment. At the very beginning of a calendar window it is the whole one before. */
export function windowOf(window: AlertWindow, atMs: number): MsWindow {
  if (window.kind === 'rolling') return { fromMs: atMs - window.minutes * msPerMinute, toMs: atMs };
  return { fromMs: windowAt(window, atMs - 1).fromMs, toMs: atMs };
}

/** When a calendar window that is open at a moment ends; null of a rolling one. */
export function windowEndOf(window: AlertWindow, atMs: number): number | null {
  return window.kind === 'rolling' ? null : windowAt(window, atMs - 1).toMs;
}

/** Of a forecast: the time whose speed it goes on with. */
export function trendWindowOf(window: AlertWindow, atMs: number): MsWindow {
  const lengthMs = window.kind === 'rolling' ? window.minutes * msPerMinute : trendMs[window.unit];
  return { fromMs: atMs - lengthMs, toMs: atMs };
}

/** Everything that must be read for the value of a rule at a moment, and where it is cut into parts. */
export function readWindowOf({ metric, window }: Measured, atMs: number): { read: MsWindow; cutsMs: number[] } {
  const own = windowOf(window, atMs);
  if (metric !== 'forecast') return { read: own, cutsMs: [own.fromMs] };
  const trend = trendWindowOf(window, atMs);
  const cutsMs = [...new Set([own.fromMs, trend.fromMs])].sort((a, b) => a - b);
  return { read: { fromMs: cutsMs[0] ?? own.fromMs, toMs: atMs }, cutsMs };
}
