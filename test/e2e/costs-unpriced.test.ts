import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectAccessible } from '../support/accessible.ts';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { type CostCall, sendCostCalls, waitForBooked } from '../support/cost-calls.ts';
import { startSystem, type System } from '../support/system.ts';
import { makeTempDir } from '../support/temp-dir.ts';

const dir = makeTempDir('unpriced');
let system: System;
let browser: Browser;
let sent: { traceId: string; spanId: string }[];

const own = { provider: 'vllm', model: 'acme/chat-70b-instruct-with-a-long-name-2026-11', agent: 'support' };
const calls: CostCall[] = [
  ...Array.from({ length: 12 }, (_, place): CostCall => ({
    ...own,
    tokens: { input: 12_000, output: 900, cached: 4_000 },
    agoMs: 3_600_000 * (12 - place),
  })),
  ...Array.from({ length: 3 }, (): CostCall => ({
    ...{ provider: 'openai', model: 'gpt-5-mini', serviceTier: 'flex', agent: 'batch' },
    tokens: { input: 5_000, output: 100 },
  })),
  { provider: 'openai', model: 'gpt-5-mini', agent: 'stream', tokens: null },
  { provider: 'openai', model: 'gpt-4o-2024-05-13', tokens: { input: 900, output: 10, cached: 300 } },
  ...Array.from({ length: 24 }, (): CostCall => ({
    ...{ provider: 'openai', model: 'gpt-5-mini', agent: 'support' },
    tokens: { input: 1_000, output: 100 },
  })),
];

beforeAll(async () => {
  [system, browser] = await Promise.all([startSystem({ dataDir: dir.path }), launchBrowser()]);
  sent = await sendCostCalls(system.otlp, calls);
  await sendCostCalls(system.otlp, calls.slice(-3), 'whole');
  await waitForBooked(system.url, calls.length);
  await waitForBooked(system.url, 3, 'whole');
});

afterAll(async () => {
  await Promise.all([browser.close(), system.remove()]);
  dir.remove();
});

async function open(path: string, viewport = { width: 1440, height: 900 }): Promise<Page> {
  const context = await browser.newContext({
    ...{ viewport, reducedMotion: 'reduce' },
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const page = await context.newPage();
  await page.goto(`${system.url}${path}`);
  await waitForIdle(page);
  return page;
}

function readClipboard(page: Page): Promise<string> {
  return page.evaluate(() => navigator.clipboard.readText());
}

/** What the rows say: model, why, calls and share. */
async function readRows(page: Page): Promise<string[][]> {
  await waitForIdle(page);
  return page
    .locator('[data-unpriced]')
    .evaluateAll((rows) =>
      rows.map((row) =>
        ['.model', '.why', '.calls', '.percent'].map(
          (name) => row.querySelector(name)?.textContent.trim().replace(/\s+/g, ' ') ?? '',
        ),
      ),
    );
}

test('the coverage of the costs leads to models and usage without a price, with volume and share', async () => {
  const page = await open('/costs?live=off');
  await page.getByRole('link', { name: 'What would price them' }).click();
  await page.waitForURL(/\/costs\/unpriced/);
  expect(await readRows(page)).toEqual([
    [own.model, 'no price for this model', '12 calls', '29.3 %'],
    ['gpt-5-mini', 'no price for the service tier “flex”', '3 calls', '7.3 %'],
    ['gpt-4o-2024-05-13', 'no price for cache read', '1 call', '2.4 %'],
    ['gpt-5-mini', 'no tokens reported', '1 call', '2.4 %'],
  ]);
  await page.getByText('17 calls of 41 have no price in the last 24 hours; 58.5 % priced').waitFor();
  await page.context().close();
});

test('a row opens by keyboard and has the file to copy, the tokens and the calls behind it', async () => {
  const page = await open('/costs/unpriced');
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  const sheet = page.locator('.detail').first();
  await sheet.getByText('48,000').waitFor();
  await sheet.getByRole('button', { name: 'Copy price file' }).click();
  const copied = await readClipboard(page);
  expect(JSON.parse(copied)).toEqual({
    prices: [{ provider: 'vllm', model: own.model, per_million: { input: null, cache_read: null, output: null } }],
  });
  await page.keyboard.press('Escape');
  await sheet.getByRole('link', { name: 'Ledger rows' }).click();
  await page.waitForURL(/booking=unpriced_model/);
  await waitForIdle(page);
  expect(await page.locator('[data-entry]').count()).toBe(12);
  await page.goBack();
  await waitForIdle(page);
  await page.locator('[data-missing="class_price"] button').click();
  await page.getByRole('link', { name: 'The latest call in its trace' }).click();
  await page.waitForURL(new RegExp(`/traces/${sent[16]?.traceId ?? ''}.*span=${sent[16]?.spanId ?? ''}`));
  await page.context().close();
});

test('what no price can mend says what else does', async () => {
  const page = await open('/costs/unpriced?agent=stream');
  await page.locator('[data-missing="usage"]').click({ position: { x: 700, y: 10 } });
  await page.getByText('OpenAI streams do with “stream_options: { include_usage: true }”').waitFor();
  expect(await page.getByRole('button', { name: /Copy (entry|price file)/ }).count()).toBe(0);
  await page.context().close();
});

test('the next steps have all entries and the command of this range and project', async () => {
  const page = await open('/costs/unpriced');
  const steps = page.getByRole('region', { name: 'What to do next' });
  await steps.getByRole('button', { name: 'Copy price file with all entries' }).click();
  const { prices } = JSON.parse(await readClipboard(page)) as { prices: unknown[] };
  expect(prices).toHaveLength(3);
  await steps.getByRole('button', { name: 'Copy command for a dry run' }).click();
  expect(await readClipboard(page)).toMatch(
    /^sightglass resettle --project default --from \d{4}-\d\d-\d\dT[\d:.]+Z --to \d{4}-\d\d-\d\dT[\d:.]+Z --dry-run$/,
  );
  await page.context().close();
});

describe('where nothing is without a price', () => {
  test('it says so', async () => {
    const page = await open('/costs/unpriced?project=whole');
    await page.getByText('Every call has a price.').waitFor();
    await page.getByText('3 model calls in the last 24 hours, none without an amount.').waitFor();
    await expectAccessible(page);
    const costs = await open('/costs?live=off&project=whole');
    await costs.getByText('every call priced').waitFor();
    expect(await costs.getByRole('link', { name: 'What would price them' }).count()).toBe(0);
    await Promise.all([page.context().close(), costs.context().close()]);
  });

  test('or that nothing matches, with the way back', async () => {
    const page = await open('/costs/unpriced?agent=nobody');
    await page.getByText('No model call matches in the last 24 hours.').waitFor();
    await page.getByRole('button', { name: 'Clear filters' }).last().click();
    expect(await readRows(page)).toHaveLength(4);
    await page.context().close();
  });
});

describe('in both themes', () => {
  test.each([
    ['1440 px', { width: 1440, height: 900 }],
    ['390 px', { width: 390, height: 844 }],
  ])('at %s has no axe finding, and nothing scrolls sideways', async (_, size) => {
    const page = await open('/costs/unpriced', size);
    for (const row of [0, 3]) await page.locator('[data-unpriced] button').nth(row).click();
    await expectAccessible(page);
    const sizes = await page
      .locator('main')
      .evaluate((main) =>
        [document.documentElement, main, ...main.querySelectorAll('*')]
          .filter((one) => ['auto', 'scroll'].includes(getComputedStyle(one).overflowX) || one === main)
          .map((one) => one.scrollWidth - one.clientWidth),
      );
    expect(Math.max(...sizes)).toBe(0);
    await page.context().close();
  });
});

// Last: it starts the system again.
test('with the entries in the price file the rows say that they are priced by now', async () => {
  const file = join(dir.path, 'prices.json');
  const page = await open('/costs/unpriced');
  await page.getByRole('button', { name: 'Copy price file with all entries' }).click();
  const copied = await readClipboard(page);
  await page.context().close();
  writeFileSync(file, copied.replaceAll('null', '0.5'));
  await system.stop();
  system = await startSystem({ dataDir: dir.path, environment: { SIGHTGLASS_PRICES_FILE: file } });
  const again = await open('/costs/unpriced');
  expect((await readRows(again)).map(([, why]) => why)).toEqual([
    'no price for this model priced by now',
    'no price for the service tier “flex” priced by now',
    'no price for cache read priced by now',
    'no tokens reported',
  ]);
  await again.locator('[data-unpriced] button').first().click();
  await again.getByText(/^file:[0-9a-f]{12}#0$/).waitFor();
  await again.context().close();
});
