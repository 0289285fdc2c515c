import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright';
import { expect } from 'vitest';

/** What can differ where only colours do. */
const rulesOfColour = ['color-contrast', 'link-in-text-block'];
/** Of what axe found, a test shows so much of each element. */
const shownCharacters = 300;

/**
 * Fails with every finding of axe: all rules in the light theme, and once more those about colour in the dark one, on
 * the same page. Transitions are off from then on: a colour is judged as it stays.
 */
export async function expectAccessible(page: Page): Promise<void> {
  await showTheme(page, 'light');
  const light = await axeOn(page).analyze();
  await showTheme(page, 'dark');
  const dark = await axeOn(page).withRules(rulesOfColour).analyze();
  const found = [light, dark].flatMap(({ violations }) =>
    violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, shownCharacters)).join(' ')}`),
  );
  expect(found).toEqual([]);
}

async function showTheme(page: Page, theme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
  await page.locator(`html[data-theme="${theme}"]`).waitFor({ state: 'attached' });
}

/**
 * The same rules and findings as without these options, in a third of the time: only what is wrong is described in
 * full, and nothing goes through a second page, which is there for pages with frames.
 */
function axeOn(page: Page): AxeBuilder {
  const isOneFrame = page.frames().length === 1;
  return new AxeBuilder({ page }).setLegacyMode(isOneFrame).options({ resultTypes: ['violations'] });
}
