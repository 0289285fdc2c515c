import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { expectAccessible } from '../support/accessible.ts';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { postSpans } from '../support/post-traces.ts';
import { waitForSession } from '../support/settled-session.ts';
import { makeShopSession, shopSteps } from '../support/shop-session.ts';
import { type System, startSystem } from '../support/system.ts';

let system: System;
let browser: Browser;

beforeAll(async () => {
  [system, browser] = await Promise.all([startSystem(), launchBrowser()]);
  await postSpans(system.otlp, makeShopSession({ sessionId: 'shop', startMs: Date.now() - 7_200_000 }));
  await waitForSession(system.url, 'shop', 4);
});
afterAll(async () => {
  await Promise.all([browser.close(), system.remove()]);
});

const states: [string, string, (page: Page) => Promise<unknown>][] = [
  ['the list', '/sessions', (page) => page.keyboard.press('j')],
  ['no session', '/sessions?agent=nobody', (page) => page.getByText('No session matches').waitFor()],
  ['the replay', '/sessions/shop', (page) => page.keyboard.press('j')],
  ['a difference', `/sessions/shop?step=3.${shopSteps.editedPrompt}`, (page) => page.locator('ins').waitFor()],
  [
    'what was removed',
    `/sessions/shop?step=4.${shopSteps.compacted}`,
    (page) => page.getByText('11 removed').waitFor(),
  ],
  ['a tool', `/sessions/shop?step=3.${shopSteps.failedTool}`, (page) => page.keyboard.press('a')],
  [
    'a paused replay',
    '/sessions/shop',
    (page) => page.keyboard.press('Space').then(() => page.keyboard.press('Space')),
  ],
];

describe('in both themes', () => {
  test.each(states)('%s has no axe finding', async (_name, path, act) => {
    const context = await browser.newContext({
      viewport: { width: 1_440, height: 900 },
      reducedMotion: 'reduce',
    });
    const page = await context.newPage();
    await page.goto(system.url + path);
    await waitForIdle(page);
    await act(page);
    await waitForIdle(page);
    await expectAccessible(page);
    await context.close();
  });
});
