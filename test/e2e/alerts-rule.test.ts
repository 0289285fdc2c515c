import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { type CostCall, sendCostCalls, waitForBooked } from '../support/cost-calls.ts';
import { startSystem, type System } from '../support/system.ts';

const dayMs = 86_400_000;

let system: System;
let browser: Browser;

/** A call a day for twelve days; four of them cost ten times as much. */
const calls = Array.from({ length: 12 }, (_, place): CostCall => ({
  ...{ agent: place % 2 === 0 ? 'support' : 'billing', model: 'our-own-model', provider: 'vllm' },
  ...{ tokens: { input: 1_000, output: 100 }, agoMs: (place + 0.01) * dayMs },
  reportedCostUsd: place % 3 === 0 ? 60 : 6,
}));

beforeAll(async () => {
  [system, browser] = await Promise.all([startSystem(), launchBrowser()]);
  await sendCostCalls(system.otlp, calls);
  await waitForBooked(system.url, 1);
});
afterAll(async () => {
  await Promise.all([browser.close(), system.remove()]);
});

async function open(path: string, options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 1_440, height: 900 },
    reducedMotion: 'reduce',
    ...options,
  });
  const page = await context.newPage();
  await page.goto(system.url + path);
  await waitForIdle(page);
  return page;
}

const backTest = (page: Page) => page.getByRole('region', { name: 'Back-test' });

test('the first rule is two clicks away, and shows before it is saved when it would have fired', async () => {
  const page = await open('/traces?project=fresh');
  await page.keyboard.press('g');
  await page.keyboard.press('l');
  await page.waitForURL(/\/alerts\?project=fresh$/);
  await page.getByText('No rule watches this project yet.').waitFor();
  await page.goto(`${system.url}/alerts`);
  await page.getByRole('link', { name: 'Spend per day' }).click();
  await page.waitForURL(/\/alerts\/rules\/new\?template=spend-per-day$/);
  await backTest(page).getByText('It would have fired 4 times in the last 14 days.').waitFor();
  expect(await page.locator('[data-words]').textContent()).toMatch(
    /Fires when spend today \(.+\) is above \$20.00 \(warning\) or above \$50.00 \(critical\)/,
  );
  expect(await backTest(page).locator('[data-band]').count()).toBe(4);

  // The answer follows the form; until it is there the last one stays.
  await page.getByLabel('Critical').fill('100');
  await page.getByLabel('Warning').fill('80');
  await backTest(page).getByText('It would not have fired in the last 14 days.').waitFor();
  await page.getByLabel('Warning').fill('20');
  await backTest(page).getByText('It would have fired 4 times').waitFor();

  await page.getByLabel('Name').fill('Dear days');
  await page.keyboard.press('Control+Enter');
  await page.waitForURL(/\/alerts\/rules$/);
  const row = page.getByRole('row').filter({ hasText: 'Dear days' });
  await row.waitFor();
  expect((await row.textContent())?.replaceAll(/\s+/g, ' ')).toMatch(
    /Spend today .*> \$20.00 warning, > \$100.00 critical.*nobody/,
  );
  await page.context().close();
});

test('what is wrong in the form is said at its field, and nothing typed is lost', async () => {
  const page = await open('/alerts/rules/new');
  await backTest(page).getByText('These are the values of the last 14 days. Give it a limit.').waitFor();
  await page.getByLabel('Grouped by').selectOption('agent');
  await page.getByRole('button', { name: 'Make rule' }).click();
  await page.getByText('A name tells what is wrong when it fires.').waitFor();
  await page.getByText('At least one of the two limits').waitFor();
  expect(await page.getByLabel('Name').evaluate((field) => field === document.activeElement)).toBe(true);
  await page.getByLabel('Name').fill('Each agent');
  await page.getByLabel('Critical').fill('much');
  await page.getByText('A number of US dollars, such as 12.50.').waitFor();
  await page.getByLabel('Critical').fill('$50');
  await backTest(page)
    .getByText(/It would have fired \d+ times/)
    .waitFor();
  expect(await backTest(page).getByRole('list', { name: 'Groups' }).getByRole('listitem').count()).toBe(2);

  const body = JSON.stringify({ error: { code: 'database_unavailable', message: 'ClickHouse does not answer' } });
  await page.route('**/api/alerts/rules?**', (route) => route.fulfill({ status: 503, body }), { times: 1 });
  await page.getByRole('button', { name: 'Make rule' }).click();
  await page.getByText('Not saved: ClickHouse does not answer').waitFor();
  expect(await page.getByLabel('Critical').inputValue()).toBe('$50');
  await page.context().close();
});

test('a back-test is read by keyboard and as a table', async () => {
  const page = await open('/alerts/rules/new?template=spend-per-day');
  await backTest(page).getByText('It would have fired 4 times').waitFor();
  const chart = backTest(page).getByRole('slider');
  await chart.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('PageDown');
  expect(await chart.getAttribute('aria-valuetext')).toMatch(/\$6\d.*It would fire/);
  await backTest(page).locator('[data-card]').getByText('would fire: critical').waitFor();
  await page.keyboard.press('Escape');
  await page.getByLabel('Chart as a table').click();
  expect(await page.getByRole('dialog').getByRole('row').count()).toBeGreaterThan(12);
  await page.context().close();
});

test('a rule is switched off, changed, met by a colleague’s change, and removed', async () => {
  const page = await open('/alerts/rules/new?template=error-rate');
  await page.getByRole('button', { name: 'Make rule' }).click();
  await page.waitForURL(/\/alerts\/rules$/);
  const toggle = page.getByRole('switch', { name: 'Watch Error rate' });
  await toggle.click();
  await page.getByText('Error rate is switched off.').waitFor();
  expect(await toggle.getAttribute('aria-checked')).toBe('false');

  await page.getByRole('link', { name: 'Error rate' }).click();
  await page.waitForURL(/\/alerts\/rules\/[0-9a-z-]+$/);
  const ruleId = new URL(page.url()).pathname.split('/').at(-1) ?? '';
  await page.getByLabel('Critical').fill('30');
  const rules = (await (await fetch(`${system.url}/api/alerts/rules`)).json()) as { rules: Record<string, unknown>[] };
  const stored = rules.rules.find((rule) => rule['ruleId'] === ruleId) ?? {};
  const {
    ruleId: _id,
    unit: _unit,
    author: _author,
    updatedUnixNano: _at,
    lastFiredMs: _fired,
    firingGroups: _groups,
    ...input
  } = stored;
  const changed = await fetch(`${system.url}/api/alerts/rules/${ruleId}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...input, name: 'Failures' }),
  });
  expect(changed.status).toBe(200);
  await page.keyboard.press('Control+Enter');
  await page.getByText(/^\s*Not saved:/).waitFor();
  expect(await page.getByLabel('Critical').inputValue()).toBe('30');
  await page.getByRole('button', { name: 'Show what is stored' }).click();
  await page.getByRole('heading', { name: 'Failures', level: 1 }).waitFor();
  expect(await page.getByLabel('Critical').inputValue()).toBe('20');

  await page.getByRole('link', { name: 'Alerts: rules' }).click();
  await page.getByRole('button', { name: 'Remove Failures' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove it' }).click();
  await page.getByText('The rule Failures is removed.').waitFor();
  await page.goto(`${system.url}/alerts/rules/${ruleId}`);
  await page.getByText('There is no such rule.').waitFor();
  await page.context().close();
});
