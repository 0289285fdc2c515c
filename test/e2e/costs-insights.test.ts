import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { type CostCall, sendCostCalls, waitForBooked } from '../support/cost-calls.ts';
import { startSystem, type System } from '../support/system.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

let system: System;
let browser: Browser;

// Dollars per million: gpt-5-mini 0.25 in, 0.025 from the cache, 2 out.
const call = (agent: string, input: number, agoMs: number, more: Partial<CostCall> = {}): CostCall => ({
  ...{ agent, model: 'gpt-5-mini', provider: 'openai', tokens: { input, output: 0 }, agoMs },
  ...more,
});

beforeAll(async () => {
  [system, browser] = await Promise.all([startSystem(), launchBrowser()]);
  await sendCostCalls(system.otlp, [
    // A dollar in a session that went well, half of one in a session that failed, a quarter in none.
    call('support', 4_000_000, 2 * hourMs, { session: 'good' }),
    call('billing', 2_000_000, 2 * hourMs, { session: 'bad', traceFailed: true }),
    call('billing', 1_000_000, 2 * hourMs),
    // A million from the cache: 0.025 instead of 0.25; and a million beside it, so that the plain price is known.
    call('search', 2_000_000, 2 * hourMs, { tokens: { input: 2_000_000, output: 0, cached: 1_000_000 } }),
    // The two days before: an agent that is gone since.
    call('gone', 8_000_000, 3 * dayMs),
    call('support', 1_000_000, 3 * dayMs),
  ]);
  await waitForBooked(system.url, 6);
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

test('beside the sums stand what a session costs, what caching saved, and where the month ends', async () => {
  const page = await open('/costs?live=off&range=2d');
  const sessions = page.locator('[data-insight="sessions"]');
  await sessions.getByText('$0.75', { exact: true }).waitFor();
  await sessions.getByText('$1.50 per successful one').waitFor();
  await sessions.getByText('2 sessions, 1 successful one').waitFor();
  const savings = page.locator('[data-insight="savings"]');
  await savings.getByText('$0.225', { exact: true }).waitFor();
  await savings.getByText('$0.025 instead of $0.25').waitFor();
  // Three days of history are too few, which is said and not guessed around.
  await page
    .locator('[data-insight="forecast"]')
    .getByText(/no forecast: it needs seven whole days/)
    .waitFor();
  await page.close();
});

test('what changed against the period before is exact, also what is gone, and leads on', async () => {
  const page = await open('/costs?live=off&range=2d');
  const panel = page.getByRole('region', { name: 'What changed' });
  // 1 + 0.5 + 0.25 + 0.275 after 2.25 dollars.
  await panel.getByText('$2.03', { exact: true }).waitFor();
  await panel.getByText('after $2.25').waitFor();
  const agents = await panel
    .locator('[data-mover]')
    .evaluateAll((rows) => rows.slice(0, 4).map((row) => row.textContent.replaceAll(/\s+/g, ' ').trim()));
  expect(agents).toEqual(
    ['gone −$2.00', 'support +$0.75', 'billing +$0.75', 'search +$0.275'].toSorted(
      (a, b) => agents.indexOf(a) - agents.indexOf(b),
    ),
  );
  expect(agents[0]).toBe('gone −$2.00');
  await panel.getByText('a week earlier').click();
  await page.waitForURL(/against=week/);
  await waitForIdle(page);
  await panel.getByText('after $0').waitFor();
  await panel.getByRole('link', { name: 'search' }).click();
  await page.waitForURL(/agent=search/);
  await page.close();
});

test('a group that only the period before has is in the table and in the file', async () => {
  const page = await open('/costs?live=off&range=2d&compare=on');
  const gone = page.locator('[data-group="gone"]');
  await gone.getByText('−100 %').waitFor();
  expect(await gone.locator('.cost').textContent()).toContain('$0');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'CSV', exact: true }).click(),
  ]);
  const lines = readFileSync(await download.path(), 'utf8')
    .trim()
    .split('\r\n');
  expect(lines[0]).toMatch(
    /^agent,.*,cost_usd,share_percent,previous_usd,change_usd,change_percent,sessions,session_cost_usd,usd_per_session$/,
  );
  expect(lines.find((line) => line.startsWith('gone,'))).toMatch(/,0,0\.0000,2,-2,-100\.0000,0,,$/);
  expect(lines.find((line) => line.startsWith('support,'))).toMatch(/,1,49\.3827,0\.25,0\.75,300\.0000,1,1,1$/);
  await page.close();
});

test('each group says what a session of it costs, and the table is ordered by it', async () => {
  const page = await open('/costs?live=off&range=2d');
  const cellOf = (group: string) => page.locator(`[data-group="${group}"] .session`);
  await cellOf('billing').getByText('$0.50').waitFor();
  // What names no session is in no session's cost.
  expect(await cellOf('billing').getAttribute('title')).toBe('$0.5: $0.5 in 1 session');
  expect(await cellOf('search').getAttribute('title')).toBe('No call here names a session.');
  await page.getByRole('button', { name: 'Per session' }).click();
  await page.waitForURL(/order=-session/);
  await waitForIdle(page);
  const names = await page
    .locator('[data-group]')
    .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-group')));
  expect(names).toEqual(['support', 'billing', 'search']);
  // A session is one session: its cost stands there already.
  await page.getByLabel('Group by', { exact: true }).last().selectOption('session');
  await page.waitForURL(/by=session/);
  await waitForIdle(page);
  expect(await page.getByRole('button', { name: 'Per session' }).count()).toBe(0);
  await page.close();
});

test('sessions are counted when the sums are there, and do not slow them', async () => {
  const page = await browser.newPage();
  const seen: string[] = [];
  page.on('request', (request) => seen.push(`asks ${new URL(request.url()).pathname}`));
  page.on('response', (response) => seen.push(`has ${new URL(response.url()).pathname}`));
  await page.goto(`${system.url}/costs?live=off&range=2d`);
  await page.locator('[data-group="billing"] .session').getByText('$0.50').waitFor();
  expect(seen.indexOf('asks /api/costs/sessions-summary')).toBeGreaterThan(seen.lastIndexOf('has /api/costs'));
  // Another metric is of the same sessions.
  await page.keyboard.press('m');
  await page.waitForURL(/metric=tokens/);
  await waitForIdle(page);
  expect(seen.filter((one) => one === 'asks /api/costs/sessions-summary')).toHaveLength(1);
  await page.close();
});

test('a range by the calendar is chosen, stands in the address by its name, and can be live', async () => {
  const page = await open('/costs');
  await page.getByRole('button', { name: /^Time range/ }).click();
  await page.getByRole('button', { name: 'This quarter' }).click();
  await page.waitForURL(/range=this-quarter/);
  await waitForIdle(page);
  await page.getByRole('button', { name: 'Time range: This quarter' }).waitFor();
  expect(await page.getByText('Live needs a range that ends now').count()).toBe(0);
  await page.getByText(/groups, all there are this quarter\./).waitFor();
  await page.close();
});

test('the keyboard reaches what changed in an interval, and goes back', async () => {
  const page = await open('/costs?live=off');
  await page.getByRole('slider').focus();
  for (const key of ['End', 'ArrowLeft', 'ArrowLeft', ' ']) await page.keyboard.press(key);
  await page.waitForURL(/at=/);
  const panel = page.getByRole('region', { name: 'What changed' });
  await panel.getByRole('heading', { name: /^What made .* expensive$/ }).waitFor();
  await panel.getByRole('button', { name: 'Back to the whole range' }).click();
  await page.waitForURL((url) => !url.searchParams.has('at'));
  await panel.getByRole('heading', { name: 'What changed', exact: true }).waitFor();
  await page.close();
});
