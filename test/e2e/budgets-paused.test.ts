import type { Browser } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { makeBudget } from '../support/budgets.ts';
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

test('a session that waits for a budget is listed by it, and goes on when the budget is raised', async () => {
  // Less than the worst case of any call.
  const { budgetId } = await makeBudget(system.url, { name: 'Tight', amountUsd: '0.000001', action: 'pause' });
  const page = await browser.newPage({ viewport: { width: 1_440, height: 900 }, reducedMotion: 'reduce' });
  await page.goto(`${system.url}/agents/support`);
  await waitForIdle(page);
  const box = page.getByRole('textbox', { name: /^Message to/ });
  await box.fill('Hello');
  await box.press('Enter');
  await page.getByText('Waits for a budget').waitFor();
  const session = new URL(page.url()).searchParams.get('chat') ?? '';
  expect(session).not.toBe('');

  await Promise.all(Array.from({ length: 8 }, () => waitInVain()));
  await page.goto(`${system.url}/budgets`);
  await page.locator(`[data-budget="${budgetId}"]`).getByTitle('9 sessions paused by it').waitFor();
  await page.locator(`[data-budget="${budgetId}"]`).getByRole('link', { name: 'Tight' }).click();
  await page.locator('[data-paused]').nth(7).waitFor();
  expect(await page.locator('[data-paused]').count()).toBe(8);
  await page.getByRole('button', { name: 'Show all 9 sessions' }).click();
  const paused = page.locator(`[data-paused="${session}"]`);
  await paused.waitFor();
  expect(await paused.getByRole('link').getAttribute('href')).toContain(`/sessions/${session}`);

  await page.getByRole('button', { name: 'Raise' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('New amount in US dollars').fill('5');
  await dialog.getByText('9 paused sessions go on as soon as there is room.').waitFor();
  await page.keyboard.press('Control+Enter');
  await dialog.waitFor({ state: 'detached' });
  await paused.waitFor({ state: 'detached' });

  await page.goto(`${system.url}/agents/support?chat=${session}`);
  await page.getByText('Hello! What can I do for you?').waitFor();
  await page.close();
});

/** One more conversation that the budget has nothing left for. */
async function waitInVain(): Promise<void> {
  const reply = await fetch(`${system.url}/api/agents/support/chat`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ messages: [{ role: 'user', content: 'Hello' }] }),
  });
  expect(await reply.text()).toContain('budget_exhausted');
}
