import type { Browser } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { startSampleAgents } from '../support/sample-agents.ts';
import type { System } from '../support/system.ts';

let system: System;
let browser: Browser;

beforeAll(async () => {
  [system, browser] = await Promise.all([startSampleAgents(), launchBrowser()]);
});
afterAll(async () => {
  await Promise.all([browser.close(), system.remove()]);
});

test('a budget that an agent declares is read here, changed in its file, and found from the agent', async () => {
  const page = await browser.newPage({ viewport: { width: 1_440, height: 900 } });
  await page.goto(`${system.url}/agents/support`);
  await waitForIdle(page);
  await page.getByRole('navigation', { name: 'What support did' }).getByRole('link', { name: 'Budgets' }).click();
  await page.waitForURL(/\/budgets\?agent=support$/);
  const row = page.locator('[data-budget]');
  await row.waitFor();
  expect((await row.textContent())?.replaceAll(/\s+/g, ' ')).toMatch(
    /agent support.*in its file.*\$200\.00 a day.*downgrade/,
  );
  await row.getByRole('link').first().click();
  await page.waitForURL(/\/budgets\/[^/]+\?agent=support$/);
  await waitForIdle(page);
  await page.getByText('Declared in the file of agent support').waitFor();
  await page.getByText('The file tells oncall, and no channel of this project is called that').waitFor();
  for (const name of ['Raise', 'Edit', 'Delete']) {
    expect(await page.getByRole('button', { name, exact: true }).count()).toBe(0);
  }
  // A link from a message does not open a form that could not be sent.
  await page.goto(`${page.url()}&form=raise`);
  await waitForIdle(page);
  expect(await page.getByRole('dialog').count()).toBe(0);
  await page.locator('main header').getByRole('link', { name: 'support' }).click();
  await page.waitForURL(/\/agents\/support/);
  await page.close();
});
