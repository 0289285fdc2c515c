import type { SpanSkeleton } from '../api/types.ts';
import type { CanvasColours } from './canvas-colours.ts';
import type { SpanTimes } from './span-times.ts';
import type { TimeWindow } from './time-window.ts';

/** Anything shorter is drawn this wide, or it could not be seen. */
export const barWidthMinPx = 2;
const barHeightShare = 0.43;
const edgeMarkPx = 5;
const errorCapPx = 4;
const barRadiusPx = 2;

export type BarBox = { left: number; width: number; isBefore: boolean; isAfter: boolean };

/** Where a span's bar lies in a timeline `width` pixels wide; outside the window it is at the edge, marked. */
export function placeBar(times: SpanTimes, index: number, window: TimeWindow, width: number): BarBox {
  const perMs = width / (window.toMs - window.fromMs);
  const start = times.startMs[index] ?? 0;
  const end = times.endMs[index] ?? 0;
  const isBefore = end < window.fromMs;
  const isAfter = start > window.toMs;
  const left = clamp((start - window.fromMs) * perMs, width);
  const right = clamp((end - window.fromMs) * perMs, width);
  const barWidth = Math.max(barWidthMinPx, right - left);
  return { left: Math.min(left, Math.max(0, width - barWidth)), width: barWidth, isBefore, isAfter };
}

/** Draws the bars of consecutive rows and the lines of the ruler; the canvas is as high as the rows. */
export function drawBars(
  context: CanvasRenderingContext2D,
  content: {
    rows: ArrayLike<number>;
    spans: readonly SpanSkeleton[];
    times: SpanTimes;
    window: TimeWindow;
    ticksMs: readonly number[];
    rowHeight: number;
    width: number;
    colours: CanvasColours;
  },
): void {
  const { rows, spans, times, window, ticksMs, rowHeight, width, colours } = content;
  const perMs = width / (window.toMs - window.fromMs);
  context.fillStyle = colours.grid;
  for (const tick of ticksMs) {
    context.fillRect(Math.round((tick - window.fromMs) * perMs), 0, 1, rows.length * rowHeight);
  }
  const height = Math.round(rowHeight * barHeightShare);
  for (let row = 0; row < rows.length; row++) {
    const index = rows[row] ?? 0;
    const span = spans[index];
    if (!span) continue;
    const box = placeBar(times, index, window, width);
    const top = row * rowHeight + Math.round((rowHeight - height) / 2);
    context.fillStyle = colours.kinds[span.kind];
    if (box.isBefore || box.isAfter) {
      drawEdgeMark(context, box.isBefore ? 0 : width, top + height / 2, box.isBefore ? 1 : -1);
      continue;
    }
    context.beginPath();
    context.roundRect(box.left, top, box.width, height, Math.min(barRadiusPx, box.width / 2));
    context.fill();
    if (span.status !== 'error') continue;
    const cap = Math.min(errorCapPx, Math.max(barWidthMinPx, box.width));
    context.fillStyle = colours.danger;
    context.fillRect(box.left + box.width - cap, top - 2, cap, height + 4);
  }
}

/** A small arrow at the edge: the bar lies beyond it. */
function drawEdgeMark(context: CanvasRenderingContext2D, x: number, y: number, direction: 1 | -1): void {
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x + direction * edgeMarkPx, y - edgeMarkPx + 1);
  context.lineTo(x + direction * edgeMarkPx, y + edgeMarkPx - 1);
  context.fill();
}

function clamp(value: number, max: number): number {
  return Math.min(Math.max(value, 0), max);
}
