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
    { agent: 'support', words: 'Where is my refund?', agoMs: 60_000, durationMs: 900 },
    { agent: 'support', words: 'Cancel my order', agoMs: 120_000, durationMs: 5_000, failed: true },
    { agent: 'billing', words: 'The refund policy, please', agoMs: 180_000, model: 'claude-sonnet-5' },
    { agent: 'billing', words: 'An old question', agoMs: 30 * 3_600_000 },
  ]);
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

/** First words of the rows, in order. */
async function readRows(page: Page): Promise<string[]> {
  await waitForIdle(page);
  return page.locator('[data-trace] .words').allTextContents();
}

test('a facet filters the list, is a chip and a part of the address, and is taken off again', async () => {
  const page = await open('/traces');
  expect(await readRows(page)).toEqual(['Where is my refund?', 'Cancel my order', 'The refund policy, please']);
  await page.getByRole('button', { name: /^billing/ }).click();
  expect(await readRows(page)).toEqual(['The refund policy, please']);
  expect(new URL(page.url()).searchParams.getAll('agent')).toEqual(['billing']);
  await page.getByRole('button', { name: 'Remove filter agent:billing' }).click();
  expect(await readRows(page)).toHaveLength(3);
  await page.close();
});

test('typed filters and words apply together; a mistake is named at the field', async () => {
  const page = await open('/traces');
  const field = page.getByRole('combobox', { name: 'Filter and search traces' });
  await field.fill('agnt:support refund');
  await field.press('Enter');
  await page.getByText('There is no filter “agnt”. Filters are agent, model, status').waitFor();
  expect(await readRows(page)).toHaveLength(3);
  await field.fill('agent:support refund');
  await field.press('Enter');
  expect(await readRows(page)).toEqual(['Where is my refund?']);
  await page.getByRole('button', { name: 'Clear filters and words' }).click();
  await field.fill('status:error duration:>2s');
  await field.press('Enter');
  expect(await readRows(page)).toEqual(['Cancel my order']);
  await page.close();
});

test('a suggestion completes the filter being typed', async () => {
  const page = await open('/traces');
  const field = page.getByRole('combobox', { name: 'Filter and search traces' });
  await field.fill('model:cla');
  await page.getByRole('option', { name: /model:claude-sonnet-5/ }).waitFor();
  await field.press('ArrowDown');
  await field.press('Enter');
  expect(await readRows(page)).toEqual(['The refund policy, please']);
  await page.close();
});

test('a deep link restores range, filters, words, order and row', async () => {
  const first = await open('/traces?range=7d&agent=billing&sort=-duration');
  await first.keyboard.press('j');
  await first.keyboard.press('j');
  await first.waitForURL(/trace=/);
  const rows = await readRows(first);
  const second = await open(first.url().slice(system.url.length));
  expect(await readRows(second)).toEqual(rows);
  expect(rows).toHaveLength(2);
  await second.getByRole('button', { name: /Last 7 days/ }).waitFor();
  expect(await second.locator('.row.current .words').textContent()).toBe(rows[1]);
  expect(await second.getByRole('columnheader', { name: 'Duration' }).getAttribute('aria-sort')).toBe('descending');
  await Promise.all([first.close(), second.close()]);
});

test('a typed range shows what it names, and the histogram narrows it from the keyboard', async () => {
  const page = await open('/traces');
  await page.getByRole('button', { name: 'Time range: Last 24 hours' }).click();
  const field = page.getByLabel('Type or paste a range');
  await field.fill('next week');
  await field.press('Enter');
  await page.getByText('“next week” is not a time range.').waitFor();
  await field.fill('last 2 days');
  await field.press('Enter');
  expect(await readRows(page)).toHaveLength(4);
  await page.getByRole('slider', { name: /Traces over time/ }).focus();
  await page.keyboard.press('Home');
  for (let step = 0; step < 3; step += 1) await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('Enter');
  await page.waitForURL(/from=.*to=/);
  await page.getByText(/No traces from/).waitFor();
  await page.goBack();
  expect(await readRows(page)).toHaveLength(4);
  await page.close();
});

test('what is wrong in an address is named, and the rest of it is shown', async () => {
  const page = await open('/traces?status=maybe&agent=billing');
  await page.getByText('“status:maybe” is not known. Allowed: ok, error.').waitFor();
  expect(await readRows(page)).toEqual(['The refund policy, please']);
  await page.close();
});
