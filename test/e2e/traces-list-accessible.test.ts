import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectAccessible } from '../support/accessible.ts';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { sendTraces } from '../support/simple-traces.ts';
import { startSystem, type System } from '../support/system.ts';

let system: System;
let browser: Browser;

beforeAll(async () => {
  [system, browser] = await Promise.all([startSystem(), launchBrowser()]);
  const traces = Array.from({ length: 30 }, (_, index) => ({ words: `question ${index}`, failed: index % 7 === 0 }));
  await sendTraces(system.otlp, traces);
});

afterAll(async () => {
  await Promise.all([browser.close(), system.remove()]);
});

describe('in both themes', () => {
  const states: [string, string, (page: Page) => Promise<unknown>][] = [
    ['the list', '/traces', (page) => page.keyboard.press('j')],
    ['filters and a mistake', '/traces?agent=support&status=maybe', (page) => page.getByRole('combobox').fill('mod')],
    ['nothing found', '/traces?agent=nobody', (page) => page.getByText('No trace matches').waitFor()],
    ['the first trace', '/traces?project=none', (page) => page.getByText('Waiting for the first span').waitFor()],
    ['the range picker', '/traces', (page) => page.getByRole('button', { name: /Time range/ }).click()],
    ['the palette', '/traces', (page) => page.keyboard.press('Control+k')],
    ['the key list', '/traces', (page) => page.keyboard.press('?')],
  ];

  test.each(states)('%s has no axe finding', async (_name, path, act) => {
    const context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      reducedMotion: 'reduce',
    });
    const page = await context.newPage();
    await page.goto(`${system.url}${path}`);
    await waitForIdle(page);
    await act(page);
    await expectAccessible(page);
    await context.close();
  });
});

test('the chosen theme outlives a reload and wins over the system', async () => {
  const context = await browser.newContext({ colorScheme: 'light' });
  const page = await context.newPage();
  await page.goto(`${system.url}/traces`);
  await waitForIdle(page);
  const theme = () => page.locator('html').getAttribute('data-theme');
  expect(await theme()).toBe('light');
  await page.keyboard.press('t');
  await page.keyboard.press('t');
  await expect.poll(theme, { timeout: 10_000 }).toBe('dark');
  await page.reload();
  await waitForIdle(page);
  expect(await theme()).toBe('dark');
  await context.close();
});
