import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { type CostCall, sendCostCalls, waitForBooked } from '../support/cost-calls.ts';
import { startSystem, type System } from '../support/system.ts';

/** From the span's arrival to its cost on an open page. */
const liveLimitMs = 5_000;
const hourMs = 3_600_000;

let system: System;
let browser: Browser;

const call = (agent: string, input: number, agoMs: number): CostCall => ({
  ...{ agent, model: 'gpt-5-mini', provider: 'openai', tokens: { input, output: 0 }, agoMs },
});

beforeAll(async () => {
  [system, browser] = await Promise.all([startSystem(), launchBrowser()]);
  // Twelve agents in the last hours, none four hours ago; 0.25 dollars per million.
  const agents = Array.from({ length: 12 }, (_, place) => call(`agent-${place}`, 40_000 * (12 - place), 2 * hourMs));
  await sendCostCalls(system.otlp, [
    ...agents,
    call('agent-0', 4_000, 6 * hourMs),
    { agent: 'agent-1', model: 'our-own-model', tokens: { input: 5, output: 5 }, agoMs: 2 * hourMs },
  ]);
  await waitForBooked(system.url, 14);
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

test('arrow keys move the cursor, say every part exactly, and Enter goes into one', async () => {
  const page = await open('/costs?live=off');
  const chart = page.getByRole('slider', { name: /^Cost in US dollars by hour/ });
  const spoken = page.locator('figure [role=status]');
  await chart.focus();
  await page.keyboard.press('End');
  for (let step = 0; step < 2; step += 1) await page.keyboard.press('ArrowLeft');
  await expect.poll(() => spoken.textContent()).toContain('agent-0 $0.12');
  const words = (await spoken.textContent()) ?? '';
  expect(words).toContain('4 others $0.1');
  expect(words).toContain('1 call without a price');
  expect(await chart.getAttribute('aria-valuetext')).toContain('$0.78');
  for (let step = 0; step < 2; step += 1) await page.keyboard.press('ArrowLeft');
  await expect.poll(() => spoken.textContent()).toContain('no calls');
  for (let step = 0; step < 2; step += 1) await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowDown');
  await expect.poll(() => spoken.textContent()).toContain('agent-0: $0.001. Enter shows what it is made of');
  await page.keyboard.press('Enter');
  await page.waitForURL(/agent=agent-0/);
  await page.close();
});

test('the pointer shows the values of a column, and a click tells what made it expensive', async () => {
  const page = await open('/costs?live=off');
  const box = page.locator('rect[data-part="0"]').last();
  await box.hover();
  await page.locator('[data-card]').getByText('$0.12').waitFor();
  expect(await page.locator('[data-card]').textContent()).toContain('1 call without a price');
  await box.click();
  await page.waitForURL(/at=/);
  const panel = page.getByRole('region', { name: 'What changed' });
  await panel.getByRole('heading', { name: /^What made .* expensive$/ }).waitFor();
  await panel.locator('[data-mover="agent-0"]').getByText('+$0.12').waitFor();
  await panel.getByRole('link', { name: 'agent-0' }).click();
  await page.waitForURL(/from=.*agent=agent-0/);
  await page.close();
});

test('eight groups have a colour, the same in the chart and in the table; the rest is one part', async () => {
  const page = await open('/costs?live=off');
  const fills = await page
    .locator('rect[data-part]')
    .evaluateAll((boxes) => [...new Set(boxes.map((box) => getComputedStyle(box).fill))]);
  expect(fills).toHaveLength(9);
  const swatches = await page
    .locator('[data-group] .swatch')
    .evaluateAll((marks) => marks.map((mark) => getComputedStyle(mark).backgroundColor));
  expect(fills).toEqual(expect.arrayContaining(swatches.slice(0, 8)));
  expect(new Set(swatches.slice(8)).size).toBe(1);
  await page.close();
});

test('the same data is a table, and a row of it narrows the range', async () => {
  const page = await open('/costs?live=off&metric=calls&interval=day&range=7d');
  await page.getByRole('button', { name: 'Chart as a table' }).click();
  const table = page.getByRole('dialog').getByRole('table');
  await table.getByRole('columnheader', { name: '4 others' }).waitFor();
  await table.getByRole('button').first().click();
  await page.waitForURL(/from=.*to=/);
  await waitForIdle(page);
  await page.getByText('by hour, UTC').waitFor();
  await page.close();
});

test('a cost is on the open page five seconds after its span', async () => {
  await sendCostCalls(system.otlp, [call('before', 1_000_000, 60_000)], 'live');
  await waitForBooked(system.url, 1, 'live');
  const page = await open('/costs?project=live');
  await page.locator('[data-group="before"]').getByText('$0.25').waitFor();
  const sentAt = performance.now();
  await sendCostCalls(system.otlp, [call('just now', 2_000_000, 100)], 'live');
  await page.locator('[data-group="just now"]').getByText('$0.50').waitFor();
  expect(performance.now() - sentAt).toBeLessThan(liveLimitMs);
  await page.getByRole('region', { name: 'Sums of the range' }).getByText('$0.75').waitFor();
  await page.close();
});

test('a first request that fails says what and can be tried again; a later one leaves what is shown', async () => {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const answer = {
    status: 504,
    headers: { 'content-type': 'application/json', 'x-request-id': 'request-42' },
    body: JSON.stringify({ error: { code: 'query_timeout', message: 'The query took longer than 20 s.' } }),
  };
  await page.route('**/api/costs?*', (route) => route.fulfill(answer));
  await page.goto(`${system.url}/costs?live=off`);
  const alert = page.getByRole('alert').filter({ hasText: 'The costs could not be loaded.' });
  await alert.getByText('The query took longer than 20 s.').waitFor();
  await alert.getByText('request-42').waitFor();
  await page.unroute('**/api/costs?*');
  await alert.getByRole('button', { name: 'Try again' }).click();
  await page.locator('[data-group="agent-0"]').waitFor();
  await page.route('**/api/costs?*', (route) => route.fulfill(answer));
  await page.keyboard.press('r');
  await page.getByRole('alert').filter({ hasText: 'Not refreshed' }).waitFor();
  await page.locator('[data-group="agent-0"]').waitFor();
  await page.close();
});
