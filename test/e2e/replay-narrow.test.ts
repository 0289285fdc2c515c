import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAccessible } from '../support/accessible.ts';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { postSpans } from '../support/post-traces.ts';
import { waitForSession } from '../support/settled-session.ts';
import { makeShopSession, shopSteps } from '../support/shop-session.ts';
import { type System, startSystem } from '../support/system.ts';

let system: System;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  [system, browser] = await Promise.all([startSystem(), launchBrowser()]);
  await postSpans(system.otlp, makeShopSession({ sessionId: 'shop', startMs: Date.now() - 7_200_000 }));
  await waitForSession(system.url, 'shop', 4);
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  page = await context.newPage();
});
afterAll(async () => {
  await Promise.all([browser.close(), system.remove()]);
});

test('at 390 px the replay is one column with three tabs and the playhead below', async () => {
  await page.goto(`${system.url}/sessions/shop`);
  await waitForIdle(page);
  const tab = (name: string) => page.getByRole('tab', { name });
  expect(await tab('Conversation').getAttribute('aria-selected')).toBe('true');
  await tab('Turns').tap();
  await page.getByRole('navigation', { name: 'Turns' }).getByRole('link').nth(2).tap();
  await expect.poll(() => new URL(page.url()).searchParams.get('step')).toBe('3');
  expect(await tab('Conversation').getAttribute('aria-selected')).toBe('true');
  await page.locator(`[data-step$="/${shopSteps.editedPrompt}"]`).tap();
  await tab('Context').tap();
  await page.getByText('2 added, 1 changed, 10 unchanged').waitFor();
  expect(new URL(page.url()).searchParams.get('pane')).toBe('context');

  const sizes = await page.locator('html').evaluate((element) => [element.scrollWidth, element.clientWidth]);
  expect(sizes[0]).toBe(sizes[1]);
  const playhead = await page.getByRole('group', { name: 'Playhead' }).boundingBox();
  expect(playhead).toMatchObject({ x: 0, width: 390 });
  expect(playhead?.y).toBeGreaterThan(700);
});

test('at 390 px there is no axe finding', async () => {
  for (const pane of ['turns', 'conversation', 'context']) {
    await page.goto(`${system.url}/sessions/shop?pane=${pane}&step=3.${shopSteps.editedPrompt}`);
    await waitForIdle(page);
    await expectAccessible(page);
  }
});
