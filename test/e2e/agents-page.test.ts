import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectAccessible } from '../support/accessible.ts';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { waitForBooked } from '../support/cost-calls.ts';
import { startSampleAgents } from '../support/sample-agents.ts';
import { sendTraces } from '../support/simple-traces.ts';
import type { System } from '../support/system.ts';

let system: System;
let browser: Browser;

const narrow = { width: 390, height: 844 };

beforeAll(async () => {
  [system, browser] = await Promise.all([startSampleAgents(), launchBrowser()]);
  const elsewhere = { agent: 'billing-bot', agoMs: 3_600_000 };
  await sendTraces(system.otlp, [elsewhere, { ...elsewhere, failed: true }, { ...elsewhere, durationMs: 9_000 }]);
  await sendTraces(system.otlp, [{ agent: 'support', agoMs: 7_200_000 }]);
  await waitForBooked(system.url, 4);
});
afterAll(async () => {
  await Promise.all([browser.close(), system.remove()]);
});

async function open(path: string, options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  const viewport = { width: 1_440, height: 900 };
  const context = await browser.newContext({ viewport, reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  await page.goto(system.url + path);
  await waitForIdle(page);
  return page;
}

const namesOf = (page: Page) =>
  page.locator('[data-agent]').evaluateAll((rows) => rows.map((row) => row.dataset['agent']));

test('the rail leads to all agents, declared here or only seen, with what they did and cost', async () => {
  const page = await open('/traces?agent=support&q=refund');
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Agents' }).click();
  await waitForIdle(page);
  expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe('/agents');
  await page.getByText('4 agents declared here, 2 seen in the last 24 hours').waitFor();
  expect(await namesOf(page)).toEqual(['billing-bot', 'support', 'broken', 'clerk', 'slow']);

  const seen = page.locator('[data-agent=billing-bot]');
  expect(await seen.textContent()).toMatch(
    /not declared here.*Runs elsewhere, last seen 1 h ago.*3.*33 %.*9.00 s.*3.55 k tok.*\$0.0/s,
  );
  const declared = page.locator('[data-agent=support]');
  const text = (await declared.textContent()) ?? '';
  for (const part of ['Answers customers', 'deployed', 'simulated/careful', 'simulated/quick', 'find_order']) {
    expect(text).toContain(part);
  }
  await page.close();
});

test('figures follow what comes in, unless the list is paused', async () => {
  const page = await open('/agents?project=live');
  await page.getByText('4 agents declared here, 0 seen').waitFor();
  await sendTraces(system.otlp, [{ agent: 'night-shift' }], 'live');
  await page.locator('[data-agent=night-shift]').waitFor();
  await page.keyboard.press('l');
  expect(await page.getByRole('switch', { name: 'Live' }).getAttribute('aria-checked')).toBe('false');
  expect(new URL(page.url()).searchParams.get('live')).toBe('off');
  await page.close();
});

test('figures lead to what they are made of', async () => {
  const page = await open('/agents?range=7d');
  await page.locator('[data-agent=billing-bot]').getByRole('link', { name: '33 %' }).click();
  await page.waitForURL(/\/traces\?range=7d&agent=billing-bot&status=error$/);
  await waitForIdle(page);
  expect(await page.locator('[data-trace]').count()).toBe(1);
  await page.goBack();
  await waitForIdle(page);
  await page.locator('[data-agent=billing-bot]').getByRole('link', { name: '$0.0' }).click();
  await page.waitForURL(/\/costs\/ledger\?range=7d&agent=billing-bot$/);
  await page.close();
});

test('keys walk the list and open an agent; the address says what is shown', async () => {
  const page = await open('/agents?range=7d');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/agents\/support\?range=7d$/);
  await waitForIdle(page);
  await page.getByRole('tab', { name: 'Revisions' }).click();
  expect(new URL(page.url()).searchParams.get('view')).toBe('revisions');
  await page.reload();
  await waitForIdle(page);
  expect(await page.getByRole('tab', { name: 'Revisions' }).getAttribute('aria-selected')).toBe('true');
  await page.locator('h1').click();
  await page.keyboard.press('Backspace');
  await page.waitForURL(/\/agents\?range=7d$/);
  await page.close();
});

test('the palette opens an agent', async () => {
  const page = await open('/traces');
  await page.keyboard.press('Control+k');
  await page.getByPlaceholder('Go to an id').fill('agent billing');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/agents\/billing-bot$/);
  await page.close();
});

test('a definition is readable: instructions, models in order, tools, limits, budgets', async () => {
  const page = await open('/agents/support');
  const panel = page.getByRole('tabpanel');
  expect(await panel.locator('mark').allTextContents()).toEqual(['{{shop}}']);
  const text = (await panel.textContent()) ?? '';
  for (const part of [
    ...['default Acme', 'How the shop calls itself.', 'simulated/careful answers', 'temperature 0.2'],
    ...['takes over from simulated/careful', '/orders/{order_id}', '/refused/{order_id}', 'max steps', '$0.25'],
    ...['$200 a day for the agent · then downgrade', 'looks-it-up', 'full'],
  ]) {
    expect(text.replaceAll(/\s+/g, ' ')).toContain(part);
  }
  expect(await panel.getByText('write', { exact: true }).count()).toBe(1);
  await panel.getByRole('button', { name: 'Input' }).first().click();
  await panel.getByText('order_id', { exact: true }).first().waitFor();
  await panel.getByRole('link', { name: 'clerk' }).click();
  await page.waitForURL(/\/agents\/clerk$/);
  await waitForIdle(page);
  expect(await page.locator('h1').textContent()).toBe('clerk');
  expect(await page.getByRole('tabpanel').locator('mark').count()).toBe(2);
  await page.close();
});

test('an agent that is not declared here has what spans say of it; one that nobody knows has a way back', async () => {
  const page = await open('/agents/billing-bot');
  await page.getByText('This runtime has no definition of billing-bot').waitFor();
  await page.getByText('none named').waitFor();
  expect(await page.getByRole('textbox').count()).toBe(0);
  await page.goto(`${system.url}/agents/Nobody%20%2F%20knows`);
  await page.getByText('There is no agent Nobody / knows.').waitFor();
  await page.getByRole('link', { name: 'All agents' }).click();
  await page.waitForURL(/\/agents$/);
  await page.close();
});

test('an answer that fails says so under its request id, and is asked for again', async () => {
  const page = await open('/traces?live=off');
  const headers = { 'x-request-id': 'request-7' };
  await page.route('**/api/agent-traffic**', (route) => route.fulfill({ status: 502, headers, body: 'x' }), {
    times: 1,
  });
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Agents' }).click();
  await page.getByText('The agents could not be loaded.').waitFor();
  await page.getByText('request-7').first().waitFor();
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.locator('[data-agent=support]').waitFor();
  await page.close();
});

test('on a narrow screen everything is within reach', async () => {
  const page = await open('/agents', { viewport: narrow });
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(await overflow()).toBe(0);
  const rail = page.getByRole('navigation', { name: 'Pages' });
  for (const box of await rail.locator('a:visible, button:visible').all()) {
    const place = await box.boundingBox();
    expect(place).not.toBeNull();
    expect((place?.x ?? -1) >= 0 && (place?.x ?? 0) + (place?.width ?? 999) <= narrow.width).toBe(true);
  }
  await page.getByRole('link', { name: 'support', exact: true }).click();
  await waitForIdle(page);
  await page.getByRole('textbox', { name: 'Message to support' }).fill('Hello');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByText('Hello! What can I do for you?').waitFor();
  for (const tab of ['Definition', 'Revisions', 'Chat']) {
    await page.getByRole('tab', { name: tab }).click();
    expect(await overflow()).toBe(0);
  }
  await page.getByText('Hello! What can I do for you?').waitFor();
  await page.close();
});

describe('in both themes', () => {
  const ask = async (page: Page, text: string) => {
    await page.getByRole('textbox', { name: /^Message to/ }).fill(text);
    await page.keyboard.press('Enter');
    await waitForIdle(page);
  };
  const input = (page: Page) => page.getByRole('button', { name: 'Input' }).first();
  const states: [string, string, 'wide' | 'narrow', (page: Page) => Promise<unknown>][] = [
    ['the list', '/agents', 'wide', (page) => page.keyboard.press('j')],
    ['the list', '/agents', 'narrow', () => Promise.resolve()],
    ['a definition', '/agents/support?view=definition', 'narrow', (page) => input(page).click()],
    ['an answer beside it', '/agents/support', 'wide', (page) => ask(page, 'Where is my order?')],
    ['a failed answer', '/agents/broken', 'narrow', (page) => ask(page, 'Hello')],
    ['a missing variable', '/agents/clerk', 'narrow', (page) => ask(page, 'Hello')],
    ['the revisions', '/agents/support?view=revisions', 'wide', () => Promise.resolve()],
    ['an agent from elsewhere', '/agents/billing-bot', 'wide', () => Promise.resolve()],
  ];

  test.each(states)('%s (%s, %s) has no axe finding', async (_name, path, width, act) => {
    const page = await open(path, width === 'narrow' ? { viewport: narrow } : {});
    await act(page);
    await expectAccessible(page);
    await page.context().close();
  });
});
