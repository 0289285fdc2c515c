import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { sendTraces } from '../support/simple-traces.ts';
import { startSystem, type System } from '../support/system.ts';

let system: System;
let browser: Browser;

beforeAll(async () => {
  [system, browser] = await Promise.all([startSystem(), launchBrowser()]);
  await sendTraces(system.otlp, [
    {
      agent: 'an-agent-with-a-name-that-is-far-too-long-for-a-telephone',
      words: 'A question '.repeat(40),
      failed: true,
    },
    { agent: 'billing', words: 'Short', agoMs: 90_000 },
  ]);
});

afterAll(async () => {
  await Promise.all([browser.close(), system.remove()]);
});

async function open(path: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await page.goto(`${system.url}${path}`);
  await waitForIdle(page);
  return page;
}

async function expectNoSideways(page: Page): Promise<void> {
  const sizes = await page.locator('html').evaluate((element) => [element.scrollWidth, element.clientWidth]);
  expect(sizes[0]).toBe(sizes[1]);
}

test('at 390 px a trace is a card of two lines, and nothing scrolls sideways', async () => {
  const page = await open('/traces');
  const card = await page.locator('[data-trace]').first().boundingBox();
  expect(card).toMatchObject({ height: 56, x: 0, width: 390 });
  await page.locator('[data-trace]').first().getByText('1 error').waitFor();
  await expectNoSideways(page);
  await page.locator('[data-trace]').nth(1).tap();
  await page.waitForURL(/\/traces\/[0-9a-f]{32}/);
  await page.close();
});

test('at 390 px filters are a sheet, and the rail is a bar at the bottom', async () => {
  const page = await open('/traces');
  await page.getByRole('button', { name: 'Filters' }).tap();
  const sheet = page.getByRole('dialog', { name: 'Filters' });
  await sheet.getByRole('button', { name: /^billing/ }).tap();
  await sheet.getByRole('button', { name: 'Close' }).tap();
  await waitForIdle(page);
  expect(await page.locator('[data-trace]').count()).toBe(1);
  const rail = await page.getByRole('navigation', { name: 'Pages' }).boundingBox();
  expect(rail).toMatchObject({ x: 0, width: 390 });
  expect((rail?.y ?? 0) + (rail?.height ?? 0)).toBe(844);
  await expectNoSideways(page);
  await page.close();
});

test('at 390 px the first trace and the range picker fit', async () => {
  const page = await open('/traces?project=none');
  await page.getByRole('heading', { name: 'Send a first trace' }).waitFor();
  await expectNoSideways(page);
  await page.getByRole('button', { name: /Time range/ }).tap();
  const box = await page.getByRole('dialog').boundingBox();
  expect(box !== null && box.x >= 0 && box.x + box.width <= 390).toBe(true);
  await page.close();
});
