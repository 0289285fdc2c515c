import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { sendTraces } from '../support/simple-traces.ts';
import { startSystem, type System } from '../support/system.ts';

let system: System;
let browser: Browser;
let ids: string[];

beforeAll(async () => {
  [system, browser] = await Promise.all([startSystem(), launchBrowser()]);
  const traces = Array.from({ length: 250 }, (_, index) => ({
    words: `question ${index}`,
    agent: `agent-${index % 3}`,
    agoMs: 60_000 + index * 1_000,
  }));
  ids = await sendTraces(system.otlp, traces);
});

afterAll(async () => {
  await Promise.all([browser.close(), system.remove()]);
});

async function open(path: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(`${system.url}${path}`);
  await waitForIdle(page);
  return page;
}

const current = (page: Page) => page.locator('.row.current').getAttribute('data-trace');

test('j and k walk the rows, Enter opens one, and going back finds its place', async () => {
  const page = await open('/traces');
  for (let step = 0; step < 40; step += 1) await page.keyboard.press('j');
  await page.keyboard.press('k');
  expect(await current(page)).toBe(ids[38]);
  expect(await page.locator('.row.current').isVisible()).toBe(true);
  await page.keyboard.press('Enter');
  await page.waitForURL(new RegExp(`/traces/${ids[38]}`));
  await page.goBack();
  await waitForIdle(page);
  expect(await current(page)).toBe(ids[38]);
  const box = await page.locator('.row.current').boundingBox();
  expect(box !== null && box.y > 0 && box.y < 900).toBe(true);
  await page.close();
});

test('marks are set with x, counted, and taken off with Escape', async () => {
  const page = await open('/traces');
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await page.getByText('2 marked').waitFor();
  expect(await page.locator('[aria-selected="true"][data-trace]').count()).toBe(2);
  await page.keyboard.press('Escape');
  expect(await page.getByText('2 marked').count()).toBe(0);
  await page.close();
});

test('scrolling brings further pages, and the end says how many there are', async () => {
  const page = await open('/traces');
  const scroller = page.locator('.scroller');
  await expect
    .poll(
      async () => {
        await scroller.evaluate((element) => element.scrollTo(0, element.scrollHeight));
        return page.locator('.scroller .foot').textContent();
      },
      { timeout: 20_000 },
    )
    .toContain('250 traces, all there are in the last 24 hours');
  expect(await page.locator('[data-trace]').count()).toBeLessThan(120);
  await page.close();
});

test('a column header orders the list and says so', async () => {
  const page = await open('/traces');
  await page.getByRole('button', { name: 'Time' }).and(page.locator('.sorted')).click();
  await waitForIdle(page);
  expect(await page.locator('[data-trace]').first().getAttribute('data-trace')).toBe(ids[249]);
  expect(new URL(page.url()).searchParams.get('sort')).toBe('startTime');
  expect(await page.getByRole('columnheader', { name: 'Time' }).getAttribute('aria-sort')).toBe('ascending');
  await page.close();
});

test('the palette goes to a trace id, filters by an agent and changes the theme', async () => {
  const page = await open('/traces');
  const type = async (text: string) => {
    await page.keyboard.press('Control+k');
    await page.getByPlaceholder('Go to an id').fill(text);
    await page.keyboard.press('Enter');
  };
  await type('theme dark');
  await expect.poll(() => page.locator('html').getAttribute('data-theme'), { timeout: 10_000 }).toBe('dark');
  await type('agent-2');
  await page.waitForURL(/agent=agent-2/);
  await waitForIdle(page);
  await type(ids[7] ?? '');
  await page.waitForURL(new RegExp(`/traces/${ids[7]}`));
  await page.close();
});

test('the question mark lists the keys, and what is liked is remembered', async () => {
  const page = await open('/traces');
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard' }).getByText('Next trace').waitFor();
  await page.keyboard.press('Escape');
  await page
    .getByRole('button', { name: 'Columns and density' })
    .or(page.getByRole('button', { name: 'View' }))
    .first()
    .click();
  await page.getByLabel('Model').uncheck();
  await page.getByLabel('Dense').check();
  await page.reload();
  await waitForIdle(page);
  expect(await page.getByRole('columnheader', { name: 'Model' }).count()).toBe(0);
  const box = await page.locator('[data-trace]').first().boundingBox();
  expect(box?.height).toBe(22);
  await page.close();
});
