import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAccessible } from '../support/accessible.ts';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { makeBudget, makePlainAgents } from '../support/budgets.ts';
import { sendCostCalls, waitForBooked } from '../support/cost-calls.ts';
import { startSystem, type System } from '../support/system.ts';

let system: System;
let browser: Browser;
let eachId = '';
const agentsDir = makePlainAgents();

const wide = { width: 1_440, height: 900 };
const narrow = { width: 390, height: 844 };
const hourMs = 3_600_000;

beforeAll(async () => {
  const environment = { SIGHTGLASS_AGENTS_DIR: agentsDir.path };
  [system, browser] = await Promise.all([startSystem({ environment }), launchBrowser()]);
  await sendCostCalls(
    system.otlp,
    Array.from({ length: 24 }, (_, place) => ({
      ...{ agent: `agent-${place % 3}`, user: `user-${place % 5}${' with a name that is long'.repeat(place % 3)}` },
      ...{ session: `session-${place % 7}`, model: 'our-own', provider: 'vllm', tokens: { input: 100, output: 10 } },
      ...{ reportedCostUsd: 0.1 + place / 50, agoMs: place * hourMs + 1_000 },
    })),
  );
  await waitForBooked(system.url, 24);
  const name = 'A budget with a name that does not fit into its column on any screen';
  eachId = (await makeBudget(system.url, { name, scope: 'user', value: null, amountUsd: '2', action: 'pause' }))
    .budgetId;
  await makeBudget(system.url, { name: 'Used up', value: 'agent-0', amountUsd: '1', action: 'block' });
  await makeBudget(system.url, { name: 'Warned', value: 'agent-1', amountUsd: '3.5', action: 'downgrade' });
  await makeBudget(system.url, { name: 'Beyond', value: 'agent-2', amountUsd: '100', thresholds: [50, 120] });
  const period = { kind: 'calendar', unit: 'year', timeZone: 'Europe/Berlin' } as const;
  await makeBudget(system.url, { name: 'The year', scope: 'project', value: null, amountUsd: '9000', period });
});
afterAll(async () => {
  await Promise.all([browser.close(), system.remove()]);
  agentsDir.remove();
});

async function open(path: string, viewport: { width: number; height: number }): Promise<Page> {
  const context = await browser.newContext({ viewport, reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.goto(system.url + path);
  await waitForIdle(page);
  return page;
}

/** How far anything can be scrolled sideways. */
const overflowOf = (page: Page) =>
  page
    .locator('main')
    .evaluate((main) =>
      Math.max(
        ...[document.documentElement, main, ...main.querySelectorAll('*')]
          .filter((one) => ['auto', 'scroll'].includes(getComputedStyle(one).overflowX) || one === main)
          .map((one) => one.scrollWidth - one.clientWidth),
      ),
    );

const states: [string, () => string, (page: Page) => Promise<unknown>][] = [
  ['the list', () => '/budgets', (page) => page.keyboard.press('j')],
  ['nothing that matches', () => '/budgets?agent=nobody&order=loudest', noAct],
  ['no budget', () => '/budgets?project=none', noAct],
  ['the form with its mistakes', () => '/budgets?form=new', (page) => page.keyboard.press('Control+Enter')],
  ['a budget with accounts', () => `/budgets/${eachId}`, (page) => page.getByRole('slider').press('End')],
  ['the chart as a table', () => `/budgets/${eachId}?show=table`, noAct],
  ['the form of a change', () => `/budgets/${eachId}?form=edit`, noAct],
  ['raising', () => `/budgets/${eachId}?form=raise`, noAct],
  ['the question before it is deleted', () => `/budgets/${eachId}?form=delete`, noAct],
];

test.each(states)('%s has no axe finding and does not scroll sideways', async (_name, path, act) => {
  for (const size of [wide, narrow]) {
    const page = await open(path(), size);
    await act(page);
    await expectAccessible(page);
    expect(await overflowOf(page)).toBe(0);
    await page.context().close();
  }
});

test('at 390 px the bar has the first pages, and the others behind one more place', async () => {
  const page = await open('/settings', narrow);
  const bar = page.getByRole('navigation', { name: 'Pages' });
  const places = await bar.locator('a:visible, button:visible').all();
  expect(places).toHaveLength(6);
  for (const place of places) {
    const box = await place.boundingBox();
    expect((box?.x ?? -1) >= 0 && (box?.x ?? 0) + (box?.width ?? 999) <= narrow.width).toBe(true);
    expect(await place.locator('.word').evaluate((word) => word.scrollWidth <= word.clientWidth + 1)).toBe(true);
  }
  const more = bar.getByRole('button', { name: 'More pages, now Settings' });
  await more.click();
  const list = page.getByRole('dialog', { name: 'More pages' });
  expect(await list.getByRole('link', { name: 'Settings' }).getAttribute('aria-current')).toBe('page');
  await expectAccessible(page);
  await list.getByRole('link', { name: 'Ingest' }).click();
  await page.waitForURL(/\/ingest/);
  await list.waitFor({ state: 'detached' });
  await waitForIdle(page);
  await page.getByRole('button', { name: 'More pages, now Ingest' }).waitFor();
  await bar.getByRole('link', { name: 'Budgets' }).click();
  await page.waitForURL(/\/budgets/);
  await bar.getByRole('button', { name: 'More pages', exact: true }).waitFor();
  await page.context().close();
});

async function noAct(): Promise<void> {
  // The page as it is.
}
