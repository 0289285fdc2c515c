import type { Browser } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { sendTraces } from '../support/simple-traces.ts';
import { startSystem, type System } from '../support/system.ts';

let system: System;
let browser: Browser;

beforeAll(async () => {
  // Nobody listens on port 9.
  const environment = { SIGHTGLASS_RUNTIME_URL: 'http://127.0.0.1:9' };
  [system, browser] = await Promise.all([startSystem({ environment }), launchBrowser()]);
});
afterAll(async () => {
  await Promise.all([browser.close(), system.remove()]);
});

test('without a runtime the page says so, how an agent is declared, and what spans say of agents', async () => {
  const page = await browser.newPage({ viewport: { width: 1_440, height: 900 } });
  await page.goto(`${system.url}/agents`);
  await waitForIdle(page);
  await page.getByText('No runtime answers.').waitFor();
  await page.getByText('No span names an agent in the last 24 hours.').waitFor();
  expect(await page.getByText('model:').first().textContent()).toContain('model:');
  await page.getByRole('button', { name: 'Copy definition' }).waitFor();

  await sendTraces(system.otlp, [{ agent: 'billing-bot' }]);
  const row = page.locator('[data-agent=billing-bot]');
  await expect
    .poll(async () => {
      await page.keyboard.press('r');
      await waitForIdle(page);
      return row.count();
    })
    .toBe(1);
  expect(await row.getByText('not declared here').count()).toBe(0);
  await row.getByRole('link', { name: 'billing-bot' }).click();
  await waitForIdle(page);
  await page.getByText('No runtime answers.').waitFor();
  await page.getByText('none named').waitFor();
  expect(await page.getByRole('textbox').count()).toBe(0);
  await page.close();
});
