import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAccessible } from '../support/accessible.ts';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { type CostCall, sendCostCalls, waitForBooked } from '../support/cost-calls.ts';
import { startSystem, type System } from '../support/system.ts';

/** A tick comes every 30 s, and looks at what the verified cursor has passed, which is half a minute behind. */
const firesWithinMs = 110_000;

let system: System;
let browser: Browser;
let receiver: Server;
/** Paths that were posted to. */
const received: string[] = [];
let isMended = false;

const calls = ['support', 'support', 'billing'].map((agent): CostCall => ({
  ...{ agent, model: 'our-own-model', provider: 'vllm', user: 'u-1', session: `s-${agent}`, agoMs: 300_000 },
  ...{ tokens: { input: 1_000, output: 100 }, reportedCostUsd: agent === 'support' ? 30 : 12 },
}));

const wide = { width: 1_440, height: 900 };
const narrow = { width: 390, height: 844 };

async function post(path: string, body: unknown): Promise<Record<string, Record<string, string>>> {
  const reply = await fetch(`${system.url}/api/alerts${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`POST ${path}: HTTP ${reply.status} ${text}`);
  return JSON.parse(text) as Record<string, Record<string, string>>;
}

beforeAll(async () => {
  receiver = createServer((request, response) => {
    request.resume().on('end', () => {
      received.push(request.url ?? '');
      const isGood = request.url === '/pager' || isMended;
      response.writeHead(isGood ? 200 : 410).end(isGood ? 'ok' : 'channel_is_archived');
    });
  });
  await new Promise<void>((listening) => receiver.listen(0, '127.0.0.1', listening));
  const { port } = receiver.address() as AddressInfo;
  const environment = { SIGHTGLASS_PRIVATE_TARGETS: 'on' };
  [system, browser] = await Promise.all([startSystem({ environment }), launchBrowser()]);
  await sendCostCalls(system.otlp, calls);
  await waitForBooked(system.url, 3);
  const channelIds = [];
  for (const name of ['Pager', 'Broken']) {
    const url = `http://127.0.0.1:${port}/${name.toLowerCase()}`;
    const { channel } = await post('/channels', { name, type: 'webhook', url });
    channelIds.push(channel?.['channelId']);
  }
  const rule = { groupBy: 'agent', window: { kind: 'rolling', minutes: 1_440 }, channelIds };
  await post('/rules', { ...rule, name: 'Spend of an agent', metric: 'spend', warning: 10, critical: 50 });
  await post('/rules', { ...rule, name: 'Failures', metric: 'error_rate', critical: 90 });
});
afterAll(async () => {
  receiver.close();
  await Promise.all([browser.close(), system.remove()]);
});

/** Every test needs that it fires; the first one sees how it appears. */
async function untilFiring(): Promise<void> {
  const count = async () => {
    const reply = await fetch(`${system.url}/api/alerts/events?state=firing`);
    return ((await reply.json()) as { events: unknown[] }).events.length;
  };
  await expect.poll(count, { timeout: firesWithinMs }).toBeGreaterThanOrEqual(2);
}

async function open(path: string, viewport = wide): Promise<Page> {
  const context = await browser.newContext({ viewport, reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.goto(system.url + path);
  await waitForIdle(page);
  return page;
}

test('what fires appears by itself, leads to its slice, and is acknowledged and silenced', async () => {
  const page = await open('/alerts');
  const critical = page.getByRole('table', { name: 'Critical' }).getByRole('row').filter({ hasText: 'agent support' });
  await critical.waitFor({ timeout: firesWithinMs });
  await page.getByText(/1 critical, 1 warning/).waitFor();
  expect((await critical.textContent())?.replaceAll(/\s+/g, ' ')).toMatch(
    /critical.*Spend of an agent.*\$60.00.*limit \$50.00/,
  );
  const slice = await critical.getByRole('link', { name: 'Costs' }).getAttribute('href');
  expect(new URL(slice ?? '', system.url).searchParams.get('agent')).toBe('support');

  await critical.getByRole('button', { name: /Acknowledge/ }).click();
  await critical.getByText('acknowledged').waitFor();
  await critical.getByRole('button', { name: /Silence/ }).click();
  await page.getByRole('button', { name: 'For 4 h' }).click();
  await critical.getByText(/silent (4 h|239 min)/).waitFor();
  await critical.getByRole('button', { name: /Silence/ }).click();
  await page.getByRole('button', { name: 'End the silence' }).click();
  await page.getByText('The silence is over.').waitFor();
  await page.context().close();
});

test('the history has the event with its causes, and leads to its delivery and back', async () => {
  await untilFiring();
  const page = await open('/alerts/history?state=firing');
  const row = page.locator('[data-event]').filter({ hasText: 'agent support' }).last();
  await row.waitFor();
  await row.getByRole('button').click();
  await page.getByText('Largest causes').waitFor();
  await page.getByRole('link', { name: 'Link to this event' }).click();
  await page.waitForURL(/\/alerts\/history\?event=/);
  await page.getByRole('heading', { name: 'Spend of an agent · agent support' }).waitFor();
  await page.getByRole('link', { name: 'Its deliveries' }).click();
  await page.waitForURL(/\/alerts\/deliveries\?event=/);
  await expect.poll(() => page.locator('[data-delivery-state=delivered]').count(), { timeout: 60_000 }).toBe(1);
  expect(received).toContain('/pager');
  await page.getByRole('link', { name: 'Spend of an agent: firing' }).first().click();
  await page.waitForURL(/\/alerts\/history\?event=/);

  // As a message names it.
  await page.goto(page.url().replace('/alerts/history', '/alerts'));
  await page.getByRole('heading', { name: 'Spend of an agent · agent support' }).waitFor();
  await page.context().close();
});

test('a dead letter says why, and is sent again', async () => {
  await untilFiring();
  const page = await open('/alerts/deliveries?state=dead');
  const row = page.locator('[data-delivery]').filter({ hasText: 'support' }).last();
  await row.getByText('Status 410: channel_is_archived').waitFor();
  isMended = true;
  await row.getByRole('button', { name: 'Send Spend of an agent to Broken again' }).click();
  await page.getByRole('button', { name: 'All deliveries' }).first().click();
  await page.locator('[data-delivery-state=delivered]').filter({ hasText: 'Broken' }).waitFor();
  await page.context().close();
});

test('the history is narrowed by rule and state, by the address as well', async () => {
  await untilFiring();
  const page = await open('/alerts/history');
  await page.getByLabel('Events of rule').selectOption({ label: 'Failures' });
  await page.waitForURL(/rule=/);
  await page.getByText('No event matches.').waitFor();
  await page.getByRole('button', { name: 'All events' }).last().click();
  await page.locator('[data-event]').first().waitFor();
  await page.goto(`${system.url}/alerts/history?state=loud`);
  await page.getByText(/“state=loud” in the address is not known/).waitFor();
  await page.context().close();
});

const paths = ['/alerts', '/alerts/rules', '/alerts/history', '/alerts/deliveries', '/alerts/channels'];

test.each([
  ['wide', wide],
  ['narrow', narrow],
] as const)('no page has an axe finding or is wider than the screen (%s)', async (_name, viewport) => {
  await untilFiring();
  for (const path of [...paths, '/alerts/rules/new?template=cost-per-session']) {
    const page = await open(path, viewport);
    if (path === '/alerts/history') await page.locator('[data-event] button').first().click();
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
    await expectAccessible(page);
    await page.context().close();
  }
});

test('nothing of a fresh project is empty without a word, and no word has an axe finding', async () => {
  for (const path of paths) {
    const page = await open(`${path}?project=fresh`);
    await expectAccessible(page);
    await page.context().close();
  }
});
