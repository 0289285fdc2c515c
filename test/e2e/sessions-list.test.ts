import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { postSpans } from '../support/post-traces.ts';
import { waitForSession } from '../support/settled-session.ts';
import { makeShopSession } from '../support/shop-session.ts';
import { type System, startSystem } from '../support/system.ts';

const hourMs = 3_600_000;
let system: System;
let browser: Browser;

beforeAll(async () => {
  [system, browser] = await Promise.all([startSystem(), launchBrowser()]);
  const nowMs = Date.now();
  for (const [place, sessionId] of ['first', 'second', 'third'].entries()) {
    await postSpans(system.otlp, makeShopSession({ sessionId, startMs: nowMs - (2 + place) * hourMs }));
  }
  for (const sessionId of ['first', 'second', 'third']) await waitForSession(system.url, sessionId, 4);
});
afterAll(async () => {
  await Promise.all([browser.close(), system.remove()]);
});

async function open(path: string, options: Parameters<Browser['newPage']>[0] = {}): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1_440, height: 900 }, ...options });
  await page.goto(system.url + path);
  await waitForIdle(page);
  return page;
}

const idsOf = (page: Page) =>
  page.locator('[data-session]').evaluateAll((rows) => rows.map((row) => row.dataset['session']));

test('a row says what a session was about, what it cost and how it went', async () => {
  const page = await open('/sessions');
  expect(await idsOf(page)).toEqual(['first', 'second', 'third']);
  const row = page.locator('[data-session=first]');
  const text = (await row.textContent()) ?? '';
  for (const part of ['Where is my', 'Done: the Elm 4', 'kim@example.org', 'support +1', 'gpt-4o +1', '$0.00993'])
    expect(text).toContain(part);
  await row.getByTitle('4 turns').waitFor();
  await row.getByTitle(/^1 span failed/).waitFor();
  await page.close();
});

test('keys walk the list, mark rows and open a session; going back finds the row', async () => {
  const page = await open('/sessions');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await page.getByRole('region', { name: 'Marked sessions' }).getByText('1 marked').waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/sessions\/second/);
  await waitForIdle(page);
  await page.goBack();
  await waitForIdle(page);
  expect(new URL(page.url()).searchParams.get('row')).toBe('second');
  expect(await page.locator('.row.current').getAttribute('data-session')).toBe('second');
  await page.close();
});

test('the order and the filters stand in the address', async () => {
  const page = await open('/sessions');
  await page.getByRole('button', { name: 'Started' }).click();
  await waitForIdle(page);
  expect(await idsOf(page)).toEqual(['third', 'second', 'first']);
  expect(new URL(page.url()).searchParams.get('sort')).toBe('startTime');
  await page.getByRole('link', { name: 'Traces', exact: true }).click();
  await waitForIdle(page);
  expect(new URL(page.url()).search).toBe('');

  await page.goto(`${system.url}/sessions?user=kim@example.org&session=second`);
  await waitForIdle(page);
  expect(await idsOf(page)).toEqual(['second']);
  await page.goto(`${system.url}/sessions?agent=nobody`);
  await page.getByText('No session matches').waitFor();
  await page.getByRole('button', { name: 'Clear filters', exact: true }).click();
  await waitForIdle(page);
  expect(await idsOf(page)).toHaveLength(3);
  await page.goto(`${system.url}/sessions?sort=-duration`);
  await page.getByText('“sort=-duration” in the address is not known').waitFor();
  await page.close();
});

test('a session that begins while the list is open comes in by itself', async () => {
  const page = await open('/sessions');
  await postSpans(system.otlp, makeShopSession({ sessionId: 'newest', startMs: Date.now() - 1.2 * hourMs }));
  await page.locator('[data-session=newest]').waitFor({ timeout: 20_000 });
  await page.close();
});

test('the palette goes to a session by its id, and says when there is none', async () => {
  const page = await open('/traces');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Command' }).fill('nobody-7');
  await page.getByRole('option', { name: 'Open session nobody-7' }).click();
  await page.getByRole('alert').getByText('nobody-7').waitFor();
  await page.keyboard.press('Escape');
  await postSpans(system.otlp, makeShopSession({ sessionId: 'chat-42', startMs: Date.now() - 30 * hourMs }));
  await waitForSession(system.url, 'chat-42', 4);
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Command' }).fill('chat-42');
  await page.getByRole('option', { name: 'Open session chat-42' }).click();
  await page.waitForURL(/\/sessions\/chat-42/);
  await page.close();
});

test('at 390 px a session is a card of two lines, and nothing scrolls sideways', async () => {
  const page = await open('/sessions', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  const card = page.locator('[data-session=first]');
  expect(await card.boundingBox()).toMatchObject({ height: 56, x: 0, width: 390 });
  const sizes = await page.locator('html').evaluate((element) => [element.scrollWidth, element.clientWidth]);
  expect(sizes[0]).toBe(sizes[1]);
  await card.tap();
  await page.waitForURL(/\/sessions\/first/);
  await page.close();
});
