import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { sendTraces } from '../support/simple-traces.ts';
import { startSystem, type System } from '../support/system.ts';

let system: System;
let browser: Browser;

beforeAll(async () => {
  [system, browser] = await Promise.all([startSystem(), launchBrowser()]);
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

test('without data the page offers a first trace, and shows it when it arrives', async () => {
  const page = await open('/?project=fresh');
  await page.getByRole('heading', { name: 'Send a first trace' }).waitFor();
  await page.getByRole('tab', { name: 'Python' }).click();
  await page.getByText('OTLPSpanExporter(').waitFor();
  await page.getByRole('tab', { name: 'curl' }).click();
  await page.getByText(`curl ${system.otlp}/v1/traces`).waitFor();
  await sendTraces(system.otlp, [{ words: 'my first trace', agoMs: 500 }], 'fresh');
  await page.locator('[data-trace]').getByText('my first trace').waitFor();
  await page.close();
});

test('filters that match nothing say so and can be cleared', async () => {
  await sendTraces(system.otlp, [{ words: 'here' }], 'narrow');
  const page = await open('/traces?project=narrow&agent=nobody');
  await page.getByText('No trace matches in the last 24 hours.').waitFor();
  await page.getByRole('button', { name: 'Clear filters', exact: true }).click();
  await page.locator('[data-trace]').getByText('here').waitFor();
  await page.close();
});

test('a range without traces leads to a wider one', async () => {
  await sendTraces(system.otlp, [{ words: 'three days old', agoMs: 3 * 86_400_000 }], 'old');
  const page = await open('/traces?project=old');
  await page.getByText('No traces in the last 24 hours.').waitFor();
  await page.getByRole('button', { name: 'Look at the last 7 days' }).click();
  await page.locator('[data-trace]').getByText('three days old').waitFor();
  await page.close();
});

test('a request that fails says what, under which id, and can be tried again', async () => {
  await sendTraces(system.otlp, [{ words: 'back again' }], 'failing');
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const list = '**/api/traces?*';
  await page.route(list, (route) =>
    route.fulfill({
      status: 504,
      headers: { 'content-type': 'application/json', 'x-request-id': 'request-42' },
      body: JSON.stringify({ error: { code: 'query_timeout', message: 'The query took longer than 20 s.' } }),
    }),
  );
  await page.goto(`${system.url}/traces?project=failing`);
  const alert = page.getByRole('alert').filter({ hasText: 'The traces could not be loaded.' });
  await alert.getByText('The query took longer than 20 s.').waitFor();
  await alert.getByText('request-42').waitFor();
  await page.unroute(list);
  await alert.getByRole('button', { name: 'Try again' }).click();
  await page.locator('[data-trace]').getByText('back again').waitFor();
  await page.close();
});

test('a page that does not exist says so', async () => {
  const page = await open('/nothing/here');
  await page.getByText('/nothing/here').waitFor();
  await page.getByRole('link', { name: 'Show the traces' }).click();
  await page.getByRole('heading', { name: 'Send a first trace' }).waitFor();
  expect(new URL(page.url()).pathname).toBe('/traces');
  await page.close();
});
