import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { changeBudget, makeBudget, makePlainAgents } from '../support/budgets.ts';
import { type CostCall, sendCostCalls, waitForBooked } from '../support/cost-calls.ts';
import { startSystem, type System } from '../support/system.ts';

let system: System;
let browser: Browser;
const agentsDir = makePlainAgents();

const hourMs = 3_600_000;
const call = (agent: string, user: string, usd: number, agoMs = hourMs): CostCall => ({
  ...{ agent, user, session: `${user}-talk`, model: 'our-own', provider: 'vllm' },
  ...{ tokens: { input: 1_000, output: 100 }, reportedCostUsd: usd, agoMs },
});

beforeAll(async () => {
  const environment = { SIGHTGLASS_AGENTS_DIR: agentsDir.path };
  [system, browser] = await Promise.all([startSystem({ environment }), launchBrowser()]);
  await sendCostCalls(system.otlp, [
    ...[call('support', 'ada', 4, 5 * hourMs), call('support', 'bob', 1.5), call('support', 'cy', 0.5)],
    ...[call('research', 'ada', 2), call('research', 'ada', 0.25, 3 * hourMs)],
  ]);
  await waitForBooked(system.url, 5);
});
afterAll(async () => {
  await Promise.all([browser.close(), system.remove()]);
  agentsDir.remove();
});

async function open(path: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1_440, height: 900 }, reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.goto(system.url + path);
  await waitForIdle(page);
  return page;
}

const textOf = async (page: Page, selector: string) =>
  ((await page.locator(selector).first().textContent()) ?? '').replaceAll(/\s+/g, ' ');

test('a budget is made by its form, which says what it will do and what was spent, and is then read', async () => {
  const page = await open('/traces');
  await page.keyboard.press('g');
  await page.keyboard.press('b');
  await page.waitForURL(/\/budgets$/);
  await waitForIdle(page);
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Support, any day');
  await dialog.getByRole('combobox', { name: 'Agent' }).fill('support');
  await dialog.getByLabel('Amount in US dollars').fill('12');
  await dialog.getByRole('combobox', { name: 'Period' }).selectOption('rolling');
  await dialog.getByRole('radio', { name: /^block/ }).check();
  await dialog.getByText('Agent support may spend $12 in any 24 h.').waitFor();
  await dialog.getByText('model calls are refused').last().waitFor();
  await dialog.getByText('In the last 24 h agent support spent $6.00: 50 % of $12.00.').waitFor();
  await page.keyboard.press('Control+Enter');
  await page.waitForURL(/\/budgets\/[\w.-]+$/);
  await waitForIdle(page);
  expect(await page.locator('h1').textContent()).toBe('Support, any day');
  const head = await textOf(page, 'main header');
  expect(head).toContain('$12.00 in any 24 h for agent support');
  expect(head).toMatch(/Spent \$6\.00.*Reserved \$0.*Left \$6\.00.*Used 50 %/);
  await page.context().close();
});

test('costs lead to the budgets of their agent and back, without the order of the other page', async () => {
  const page = await open('/costs?live=off&agent=support&order=-calls');
  const main = page.getByRole('main');
  await main.getByRole('link', { name: 'Budgets' }).click();
  await page.waitForURL(/\/budgets\?.*agent=support/);
  await waitForIdle(page);
  expect(new URL(page.url()).searchParams.has('order')).toBe(false);
  await page.goto(`${system.url}/budgets?agent=support&order=used`);
  await waitForIdle(page);
  await main.getByRole('link', { name: 'Costs' }).click();
  await page.waitForURL(/\/costs\?.*agent=support/);
  await waitForIdle(page);
  expect(new URL(page.url()).searchParams.has('order')).toBe(false);
  expect(await page.locator('[data-group]').count()).toBe(1);
  await page.context().close();
});

test('what is wrong in the form is said at its field, and nothing typed is lost', async () => {
  const page = await open('/budgets?form=new');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Amount in US dollars').fill('a lot');
  await dialog.getByLabel('Time zone').fill('Berlin');
  await dialog.getByLabel('Tell at').fill('half');
  await dialog.getByRole('button', { name: 'Make the budget' }).click();
  for (const problem of [
    ...['A name tells later what the budget is for.', 'Whose, or choose one for each.'],
    ...['An amount in US dollars, such as 200 or 12.50.', 'The name of a zone, such as Europe/Berlin or UTC.'],
    'Percentages up to 1,000, such as 50, 80, 100.',
  ]) {
    await dialog.getByText(problem).waitFor();
  }
  expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-invalid'))).toBe('true');
  expect(await dialog.getByLabel('Amount in US dollars').inputValue()).toBe('a lot');

  await dialog.getByLabel('Name').fill('Everybody');
  await dialog.getByLabel('Scope').selectOption('user');
  await dialog.getByRole('radio', { name: 'Each user' }).check({ force: true });
  await dialog.getByLabel('Amount in US dollars').fill('5');
  await dialog.getByLabel('Time zone').fill('Europe/Berlin');
  await dialog.getByLabel('Tell at').fill('');
  await dialog.getByText('Each user may spend $5 a month, Europe/Berlin time. Nobody is told on the way.').waitFor();
  await dialog.getByText('3 users spent $8.25, 1 of them $5.00 or more; most ada with $6.25.').waitFor();
  const body = JSON.stringify({ error: { code: 'too_many_budgets', message: 'the project has 200 budgets' } });
  await page.route('**/api/budgets?*', (route) => {
    if (route.request().method() === 'POST') return route.fulfill({ status: 409, body });
    return route.continue();
  });
  await dialog.getByRole('button', { name: 'Make the budget' }).click();
  await dialog.getByText('No budget was made: the project has 200 budgets').waitFor();
  expect(await dialog.getByLabel('Name').inputValue()).toBe('Everybody');
  await page.keyboard.press('Escape');
  await page.waitForURL(/\/budgets$/);
  await page.context().close();
});

test('the list shows what asks for somebody first, and its filters are in the address', async () => {
  const used = await makeBudget(system.url, { name: 'Research, used up', value: 'research', amountUsd: '2' });
  const calm = await makeBudget(system.url, { name: 'All of it', scope: 'project', value: null, amountUsd: '500' });
  const warned = await makeBudget(system.url, { name: 'Support, warned', amountUsd: '9', action: 'block' });
  const page = await open('/budgets');
  const ids = () => page.locator('[data-budget]').evaluateAll((rows) => rows.map((row) => row.dataset['budget'] ?? ''));
  const order = (await ids()).filter((id) => [used, calm, warned].some(({ budgetId }) => budgetId === id));
  expect(order).toEqual([used.budgetId, warned.budgetId, calm.budgetId]);
  const row = await textOf(page, `[data-budget="${used.budgetId}"]`);
  expect(row).toMatch(
    /Research, used up agent research.*\$2\.00 in any 24 h.*\$2\.25 · 112 %.*\$0\.25 over.*since .*used up/,
  );
  await page.getByRole('img', { name: /^\$2\.25 spent of \$2; used up; tells at 50 %, 80 %$/ }).waitFor();

  await page.getByRole('combobox', { name: 'State' }).selectOption('exhausted');
  await page.waitForURL(/state=exhausted/);
  expect(await ids()).toEqual([used.budgetId]);
  await page.reload();
  await waitForIdle(page);
  expect(await ids()).toEqual([used.budgetId]);
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await page.keyboard.press('/');
  await page.keyboard.type('all of');
  await page.waitForURL(/q=all\+of/);
  expect(await ids()).toEqual([calm.budgetId]);
  await page.getByLabel('Find a budget by name or scope').fill('');
  await page.locator('h1').click();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForURL(new RegExp(`/budgets/${used.budgetId}`));
  await waitForIdle(page);
  await page.keyboard.press('Backspace');
  await page.waitForURL(/\/budgets$/);
  await page.context().close();
});

test('where each value has its own, every account is listed, and one is drawn and taken apart', async () => {
  const { budgetId } = await makeBudget(system.url, { name: 'Each user', scope: 'user', value: null, amountUsd: '5' });
  const page = await open(`/budgets/${budgetId}`);
  const accounts = () =>
    page.locator('[data-account]').evaluateAll((rows) => rows.map((row) => row.dataset['account'] ?? ''));
  expect(await accounts()).toEqual(['ada', 'bob', 'cy']);
  await page.getByRole('heading', { name: 'What is left of ada' }).waitFor();
  expect(await textOf(page, '[data-account=ada]')).toMatch(/125 %.*\$6\.25.*\$1\.25 over.*used up/);
  const drivers = page.getByRole('region', { name: 'What it goes to' });
  expect((await drivers.textContent())?.replaceAll(/\s+/g, ' ')).toMatch(
    /support.*64 %.*\$4\.00.*research.*36 %.*\$2\.25/,
  );

  const chart = page.getByRole('slider', { name: /^What is left of the budget/ });
  await chart.focus();
  await page.keyboard.press('Home');
  expect(await chart.getAttribute('aria-valuetext')).toContain('$5.00 left');
  await page.keyboard.press('End');
  expect(await chart.getAttribute('aria-valuetext')).toContain('$1.25 over');
  await page.getByRole('button', { name: 'As a table' }).click();
  await page.getByRole('table', { name: 'What was left' }).getByText('$1.25 over').first().waitFor();
  expect(new URL(page.url()).searchParams.get('show')).toBe('table');

  await page.locator('[data-account=bob]').getByRole('link', { name: 'bob' }).click();
  await page.waitForURL(/value=bob/);
  await page.getByRole('heading', { name: 'What is left of bob' }).waitFor();
  await waitForIdle(page);
  await page.locator('[data-driver=support]').getByRole('link', { name: 'support' }).click();
  await page.waitForURL(/\/costs\/ledger\?from=.*&user=bob&agent=support/);
  await waitForIdle(page);
  await page.getByText('$1.50').first().waitFor();
  await page.context().close();
});

test('raising changes the amount alone, also when somebody else changed it meanwhile', async () => {
  const budget = await makeBudget(system.url, { name: 'To be raised', amountUsd: '6', action: 'pause' });
  const page = await open(`/budgets/${budget.budgetId}?form=raise`);
  const dialog = page.getByRole('dialog');
  const amount = dialog.getByLabel('New amount in US dollars');
  await amount.fill('5');
  await page.keyboard.press('Control+Enter');
  await dialog.getByText('More than the $6 that it has; edit it to lower it.').waitFor();
  await dialog.getByRole('button', { name: '× 2: $12.00' }).click();
  await dialog.getByText('Then $6.00 are left.').waitFor();

  await changeBudget(system.url, budget, { name: 'Renamed meanwhile', thresholds: [90] });
  await dialog.getByRole('button', { name: 'Raise it' }).click();
  await dialog.getByText('By now it is Renamed meanwhile').waitFor();
  expect(await amount.inputValue()).toBe('12');
  await dialog.getByRole('button', { name: 'Raise it' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('heading', { name: 'Renamed meanwhile' }).waitFor();
  await expect.poll(() => textOf(page, 'main header')).toMatch(/\$12\.00 in any 24 h.*Left \$6\.00.*Used 50 %/);
  await page
    .getByRole('img', { name: /tells at 90 %$/ })
    .first()
    .waitFor();
  expect(new URL(page.url()).searchParams.get('form')).toBeNull();
  await page.context().close();
});

test('a budget is edited, and deleted after one question', async () => {
  const budget = await makeBudget(system.url, { name: 'Short-lived', scope: 'project', value: null });
  const page = await open(`/budgets/${budget.budgetId}`);
  await page.keyboard.press('e');
  const dialog = page.getByRole('dialog');
  expect(await dialog.getByLabel('Hours').inputValue()).toBe('24');
  await dialog.getByLabel('Hours').fill('48');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  await expect.poll(() => textOf(page, 'main header')).toContain('$10.00 in any 2 d for the whole project');

  await page.getByRole('button', { name: 'Delete' }).click();
  await dialog.getByText('Delete Short-lived?').waitFor();
  await dialog.getByRole('button', { name: 'Keep it' }).click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await dialog.getByRole('button', { name: 'Delete it' }).click();
  await page.waitForURL(/\/budgets$/);
  await waitForIdle(page);
  expect(await page.locator(`[data-budget="${budget.budgetId}"]`).count()).toBe(0);
  await page.goto(`${system.url}/budgets/${budget.budgetId}`);
  await page.getByText(`There is no budget ${budget.budgetId} in project default.`).waitFor();
  await page.context().close();
});

test('a new budget is followed as calls come in', async () => {
  await sendCostCalls(system.otlp, [call('fresh', 'ada', 0.75)], 'live');
  await waitForBooked(system.url, 1, 'live');
  const { budgetId } = await makeBudget(system.url, { name: 'Fresh', value: 'fresh', amountUsd: '3' }, 'live');
  const page = await open(`/budgets/${budgetId}?project=live`);
  await expect.poll(() => textOf(page, 'main header')).toContain('Spent $0.75');
  await sendCostCalls(system.otlp, [call('fresh', 'ada', 0.75)], 'live');
  await expect.poll(() => textOf(page, 'main header')).toMatch(/warned.*Spent \$1\.50/);
  await page.context().close();
});

test('an answer that fails says so under its request id, and is asked for again', async () => {
  const page = await open('/traces?live=off');
  const headers = { 'x-request-id': 'request-5' };
  await page.route('**/api/budgets?*', (route) => route.fulfill({ status: 502, headers, body: 'x' }), { times: 1 });
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Budgets' }).click();
  await page.getByText('The budgets could not be loaded.').waitFor();
  await page.getByText('request-5').first().waitFor();
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.locator('[data-budget]').first().waitFor();
  await page.context().close();
});

test('without any budget the page says what one does; the palette makes one', async () => {
  const page = await open('/budgets?project=empty');
  await page.getByText('There is no budget yet.').waitFor();
  await page.getByRole('button', { name: 'Make a budget' }).waitFor();
  await page.goto(`${system.url}/traces?project=empty`);
  await waitForIdle(page);
  await page.keyboard.press('Control+k');
  await page.getByPlaceholder('Go to an id').fill('new budget');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/budgets\?project=empty&form=new$/);
  await page.getByRole('dialog', { name: 'New budget' }).waitFor();
  await page.context().close();
});
