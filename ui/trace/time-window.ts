import { ticks } from 'd3';

/** A stretch of the trace in milliseconds since its start. */
export type TimeWindow = { fromMs: number; toMs: number };

/** Nothing is recorded finer than a nanosecond. */
const leastLengthMs = 0.000_1;
/** Steps of clock time above ten seconds, where multiples of ten read badly. */
const clockStepsMs = [15, 20, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400].map(
  (seconds) => seconds * 1_000,
);
const clockStepsFromMs = 60_000;

/** The whole trace; a trace of no length still has something to draw on. */
export function wholeTrace(lengthMs: number): TimeWindow {
  return { fromMs: 0, toMs: Math.max(lengthMs, leastLengthMs) };
}

/** Keeps a window inside the trace, in order and long enough to draw. */
export function clampWindow(window: TimeWindow, lengthMs: number): TimeWindow {
  const whole = wholeTrace(lengthMs);
  const from = Math.min(window.fromMs, window.toMs);
  const length = Math.min(Math.max(Math.abs(window.toMs - window.fromMs), leastLengthMs), whole.toMs);
  const fromMs = Math.min(Math.max(from, 0), whole.toMs - length);
  return { fromMs, toMs: fromMs + length };
}

/** Makes the window `factor` times as long around a moment that stays where it is. */
export function zoomWindow(window: TimeWindow, factor: number, aroundMs: number): TimeWindow {
  return {
    fromMs: aroundMs - (aroundMs - window.fromMs) * factor,
    toMs: aroundMs + (window.toMs - aroundMs) * factor,
  };
}

/** Moves the window by a share of its length without changing it. */
export function panWindow(window: TimeWindow, share: number, lengthMs: number): TimeWindow {
  const length = window.toMs - window.fromMs;
  const last = Math.max(0, wholeTrace(lengthMs).toMs - length);
  const fromMs = Math.min(Math.max(window.fromMs + length * share, 0), last);
  return { fromMs, toMs: fromMs + length };
}

/** Whether the window shows all of the trace. */
export function isWhole(window: TimeWindow, lengthMs: number): boolean {
  return window.fromMs <= 0 && window.toMs >= wholeTrace(lengthMs).toMs;
}

/** About `count` round moments inside the window. */
export function listTicks({ fromMs, toMs }: TimeWindow, count: number): number[] {
  const roughStep = (toMs - fromMs) / Math.max(1, count);
  if (toMs - fromMs < clockStepsFromMs) return ticks(fromMs, toMs, count);
  const step = clockStepsMs.find((candidate) => candidate >= roughStep);
  if (step === undefined) return ticks(fromMs, toMs, count);
  const found: number[] = [];
  for (let tick = Math.ceil(fromMs / step) * step; tick <= toMs; tick += step) found.push(tick);
  return found;
}

/** As the URL holds it: `FROM-TO` in milliseconds with up to six decimals. */
export function formatWindow({ fromMs, toMs }: TimeWindow): string {
  const text = (ms: number) => String(Number(ms.toFixed(6)));
  return `${text(fromMs)}-${text(toMs)}`;
}

/** Reads what `formatWindow` wrote; anything else is undefined. */
export function parseWindow(text: string | null | undefined): TimeWindow | undefined {
  const match = /^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/.exec(text ?? '');
  if (!match) return undefined;
  const window = { fromMs: Number(match[1]), toMs: Number(match[2]) };
  return window.toMs > window.fromMs ? window : undefined;
}
