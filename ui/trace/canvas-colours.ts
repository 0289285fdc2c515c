import type { SpanKind } from '../api/types.ts';
import { spanKindNames } from './span-kinds.ts';

export type CanvasColours = {
  kinds: Record<SpanKind, string>;
  danger: string;
  grid: string;
  line: string;
  muted: string;
};

/** The tokens of the present theme as a canvas needs them. */
export function readColours(element: Element): CanvasColours {
  const style = getComputedStyle(element);
  const read = (token: string) => style.getPropertyValue(token).trim();
  const kinds = Object.fromEntries(spanKindNames.map((kind) => [kind, read(`--kind-${kind}`)]));
  return {
    kinds: kinds as Record<SpanKind, string>, // fromEntries forgets that all names are there
    danger: read('--danger'),
    grid: read('--chart-grid'),
    line: read('--line-strong'),
    muted: read('--text-muted'),
  };
}

/** Sizes a canvas to its box in device pixels and clears it; drawing is then in CSS pixels. */
export function prepareCanvas(
  canvas: HTMLCanvasElement,
  size: { width: number; height: number },
): CanvasRenderingContext2D | null {
  const context = canvas.getContext('2d');
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(size.width * ratio);
  canvas.height = Math.round(size.height * ratio);
  canvas.style.width = `${size.width}px`;
  canvas.style.height = `${size.height}px`;
  context?.scale(ratio, ratio);
  return context;
}
