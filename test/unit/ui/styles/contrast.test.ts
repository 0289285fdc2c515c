/// <reference types="node" />
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const css = readFileSync(new URL('../../../../ui/styles/tokens.css', import.meta.url), 'utf8');
const [light = '', dark = ''] = css.split(":root[data-theme='dark'] {");
const themes = { light: readColours(light), dark: { ...readColours(light), ...readColours(dark) } };

const surfaces = ['grey-1', 'grey-2', 'grey-3', 'grey-4'];
const texts = ['grey-9', 'grey-10', 'grey-11'];
const series = ['1', '2', '3', '4', '5', '6', '7', '8', 'other'];
const kinds = ['agent', 'llm', 'tool', 'retriever', 'embedding', 'guardrail', 'evaluator', 'other'];

describe.each(Object.entries(themes))('%s theme', (_theme, colours) => {
  test.each(texts.flatMap((text) => surfaces.map((surface) => [text, surface] as const)))(
    '%s on %s reads at 4.5 : 1',
    (text, surface) => {
      expect(contrast(colours, text, surface)).toBeGreaterThanOrEqual(4.5);
    },
  );

  test.each([
    ['accent-text', 'grey-1'],
    ['accent-text', 'grey-4'],
    ['on-accent', 'accent'],
    ['danger-text', 'grey-1'],
    ['danger-text', 'grey-4'],
    ['danger-text', 'danger-fill'],
    ['warning-text', 'grey-1'],
    ['warning-text', 'warning-fill'],
    ['ok-text', 'grey-1'],
    ['ok-text', 'grey-4'],
    ['ok-text', 'ok-fill'],
    ['grey-11', 'accent-fill'],
    ['grey-9', 'accent-fill'],
    ['grey-8', 'grey-1'],
  ])('%s on %s reads at 4.5 : 1', (text, surface) => {
    expect(contrast(colours, text, surface)).toBeGreaterThanOrEqual(4.5);
  });

  test.each([
    ...kinds.map((kind) => `kind-${kind}`),
    ...series.map((place) => `series-${place}`),
    ...['accent', 'danger', 'warning', 'ok', 'grey-7', 'grey-8'],
  ])('%s stands out from the page at 3 : 1', (colour) => {
    expect(contrast(colours, colour, 'grey-1')).toBeGreaterThanOrEqual(3);
  });
});

function readColours(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name = '', value = '']) => [name, value]),
  );
}

/** As WCAG 2 computes it. */
function contrast(colours: Record<string, string>, first: string, second: string): number {
  const [a, b] = [luminance(colours[first]), luminance(colours[second])];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

function luminance(hex: string | undefined): number {
  if (hex === undefined) throw new Error('the token has no colour');
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((place) => {
    const value = parseInt(hex.slice(place, place + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
