import type { SpanSkeleton } from '../api/types.ts';
import type { CanvasColours } from './canvas-colours.ts';
import type { MinimapBars } from './minimap.ts';

const errorMarkMinPx = 3;

/** Draws the whole trace small; errors last and at least three pixels wide, so that one in 100,000 is seen. */
export function drawMinimap(
  context: CanvasRenderingContext2D,
  content: { bars: MinimapBars; spans: readonly SpanSkeleton[]; colours: CanvasColours },
): void {
  const { bars, spans, colours } = content;
  const errors: number[] = [];
  for (let place = 0; place < bars.count; place++) {
    const span = spans[bars.index[place] ?? 0];
    if (!span) continue;
    if (span.status === 'error') errors.push(place);
    context.fillStyle = colours.kinds[span.kind];
    context.fillRect(bars.left[place] ?? 0, bars.top[place] ?? 0, bars.width[place] ?? 0, bars.height);
  }
  context.fillStyle = colours.danger;
  for (const place of errors) {
    const right = (bars.left[place] ?? 0) + (bars.width[place] ?? 0);
    const left = Math.max(0, right - errorMarkMinPx);
    context.fillRect(left, (bars.top[place] ?? 0) - 1, errorMarkMinPx, Math.max(errorMarkMinPx, bars.height + 2));
  }
}
