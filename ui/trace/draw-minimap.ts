import type { SpanSkeleton } from '../api/types.ts';
import type { CanvasColours } from './canvas-colours.ts';
import type { MinimapBars } from './minimap.ts';

const errorMarkPx = 3;
/** The errors' own line at the bottom, where they would hide the bars. */
export const errorLinePx = 5;
/** More marks than this would be all that one sees of the bars. */
const markedErrorsMax = 60;

/**
 * Draws the whole trace small. An error is a red mark at the end of its bar; where bars lie on each other it
 * also has a tick on a line at the bottom, so that one in 100,000 is found.
 */
export function drawMinimap(
  context: CanvasRenderingContext2D,
  content: {
    bars: MinimapBars;
    spans: readonly SpanSkeleton[];
    colours: CanvasColours;
    size: { width: number; height: number };
  },
): void {
  const { bars, spans, colours, size } = content;
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
    const end = (bars.left[place] ?? 0) + (bars.width[place] ?? 0);
    const left = Math.min(Math.max(0, end - errorMarkPx), size.width - errorMarkPx);
    if (errors.length <= markedErrorsMax) {
      context.fillRect(left, (bars.top[place] ?? 0) - 1, errorMarkPx, bars.height + 2);
    }
    if (bars.byDepth) {
      const width = errors.length <= markedErrorsMax ? errorMarkPx : 1;
      context.fillRect(left, size.height - errorLinePx + 1, width, errorLinePx - 1);
    }
  }
}
