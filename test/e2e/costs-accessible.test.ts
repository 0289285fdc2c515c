import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectAccessible } from '../support/accessible.ts';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { type CostCall, sendCostCalls, waitForBooked } from '../support/cost-calls.ts';
import { startSystem, type System } from '../support/system.ts';

const hourMs = 3_600_000;
const thisMonth = new Date().toISOString().slice(0, 7);

let system: System;
let browser: Browser;

const calls = Array.from({ length: 40 }, (_, place): CostCall => ({
  ...(place % 13 === 0 ? {} : { agent: `agent-${place % 13}${' with a name that is long'.repeat(place % 3)}` }),
  ...{ model: place % 5 === 0 ? 'our-own-model' : 'gpt-5-mini', provider: place % 5 === 0 ? 'vllm' : 'openai' },
  ...{ session: `session-${place % 6}`, user: `user-${place % 4}`, agoMs: place * hourMs },
  tokens: place % 11 === 10 ? null : { input: 50_000 * (place + 1), output: 700, cached: 20_000 },
  ...(place === 5 ? { reportedCostUsd: 0.01 } : {}),
}));

beforeAll(async () => {
  [system, browser] = await Promise.all([startSystem(), launchBrowser()]);
  await sendCostCalls(system.otlp, calls);
  await waitForBooked(system.url, 20);
});

afterAll(async () => {
  await Promise.all([browser.close(), system.remove()]);
});

describe('in both themes', () => {
  const open = async (path: string, size = { width: 1440, height: 900 }) => {
    const context = await browser.newContext({ viewport: size, reducedMotion: 'reduce' });
    const page = await context.newPage();
    await page.goto(`${system.url}${path}`);
    await waitForIdle(page);
    return page;
  };

  const states: [string, string, (page: Page) => Promise<unknown>][] = [
    ['the costs', '/costs?live=off&range=7d&by=agent,model&compare=on', (page) => page.keyboard.press('j')],
    ['the cursor', '/costs?live=off&range=3d', (page) => page.getByRole('slider').press('End')],
    ['the chart as a table', '/costs?live=off&range=3d', (page) => page.getByLabel('Chart as a table').click()],
    ['drilled down, with a mistake', '/costs?live=off&range=3d&user=user-1&by=model&drill=user&interval=week', noAct],
    ['nothing found', '/costs?live=off&agent=nobody', noAct],
    ['the ledger', '/costs/ledger?range=7d&counted=all', (page) => page.locator('td button').first().click()],
    ['no ledger rows', '/costs/ledger?agent=nobody', noAct],
    ['what made an hour what it was', '/costs?live=off', explainHour],
    ['the range by the calendar', '/costs?live=off&range=this-month', openRange],
    ['the owners', '/costs/owners?range=7d&by=user', noAct],
    [
      'a new owner rule',
      '/costs/owners?range=7d',
      (page) => page.getByRole('button', { name: 'New rule' }).first().click(),
    ],
    ['the statement, with all its lines', `/costs/statement?month=${thisMonth}`, showLines],
    ['the statement of an empty month', '/costs/statement?month=2020-02', noAct],
  ];

  test.each(states)('%s has no axe finding', async (_name, path, act) => {
    const page = await open(path);
    await act(page);
    await expectAccessible(page);
    await page.context().close();
  });

  test('at 390 px nothing scrolls sideways, and there is no axe finding', async () => {
    for (const path of [
      ...['/costs?live=off&range=7d&by=agent,model&compare=on', '/costs/ledger?range=7d', '/costs/owners?range=7d'],
      `/costs/statement?month=${thisMonth}`,
    ]) {
      const page = await open(path, { width: 390, height: 844 });
      const sizes = await page
        .locator('main')
        .evaluate((main) =>
          [document.documentElement, main, ...main.querySelectorAll('*')]
            .filter((one) => ['auto', 'scroll'].includes(getComputedStyle(one).overflowX) || one === main)
            .map((one) => one.scrollWidth - one.clientWidth),
        );
      expect(Math.max(...sizes)).toBe(0);
      await expectAccessible(page);
      await page.context().close();
    }
  });
});

test('at 390 px a finger reads the chart, and the cards lead on', async () => {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  const page = await context.newPage();
  await page.goto(`${system.url}/costs?live=off&range=7d`);
  await waitForIdle(page);
  await page.locator('rect[data-part]').last().tap();
  await page.locator('[data-card]').waitFor();
  expect(new URL(page.url()).searchParams.get('agent')).toBe(null);
  await page.getByLabel('Order of the groups').selectOption('calls');
  await page.waitForURL(/order=-calls/);
  await page.locator('[data-group] a.drill').first().tap();
  await page.waitForURL(/drill=agent/);
  await context.close();
});

async function noAct(): Promise<void> {
  // The page as it is.
}

async function explainHour(page: Page): Promise<void> {
  await page.locator('rect[data-part]').last().click();
  await page.getByRole('heading', { name: /^What (made|changed on) / }).waitFor();
}

async function openRange(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Time range/ }).click();
  await page.locator('[data-range-calendar-day]').first().waitFor();
}

async function showLines(page: Page): Promise<void> {
  await page.keyboard.press('e');
  await page.locator('[data-centre] .line').first().waitFor();
}
