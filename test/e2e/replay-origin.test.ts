import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
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
  page = await browser.newPage({ viewport: { width: 1_440, height: 900 } });
  await page.goto(`${system.url}/sessions/shop?step=1.${shopSteps.toldRefund}`);
  await waitForIdle(page);
});
afterAll(async () => {
  await Promise.all([browser.close(), system.remove()]);
});

/** Selects words of the answer as a reader does with the mouse. */
async function select(words: string): Promise<void> {
  const answer = page.locator(`[data-step$="/${shopSteps.toldRefund}"] .bubble`);
  await answer.getByText(words).waitFor();
  await answer.evaluate((element, wanted) => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const from = node.textContent?.indexOf(wanted) ?? -1;
      if (from >= 0) getSelection()?.setBaseAndExtent(node, from, node, from + wanted.length);
    }
  }, words);
  await page.getByRole('button', { name: 'Where do they come from?' }).waitFor();
}

const origins = () => page.getByRole('region', { name: 'Where the words come from' });

test('words of an answer lead to the text they were taken from', async () => {
  await select('5 to 7 days');
  await page.getByRole('button', { name: 'Where do they come from?' }).click();
  const hits = origins().getByRole('listitem');
  expect(await hits.count()).toBe(1);
  await hits.getByText('system prompt').waitFor();
  await hits.getByText('word for word').waitFor();
  await hits.getByRole('button').click();
  const prompt = page.getByRole('listitem', { name: 'unchanged: system prompt' });
  await prompt.getByText('Refunds take 5 to 7 days').waitFor();
  expect(await prompt.isVisible()).toBe(true);
});

test('numbers are traced to the tool that said them, however they are written', async () => {
  await select('refund of $1,204.50');
  await page.keyboard.press('w');
  await origins().getByText('tool output lookup_order').waitFor();
  await origins().getByText('only 1204.5').waitFor();
  await page.keyboard.press('Escape');
  await origins().waitFor({ state: 'detached' });
});

test('words that stand nowhere are said to be the model’s own', async () => {
  await select('came back on');
  await page.keyboard.press('w');
  await origins().getByText('Nowhere in what the model saw').waitFor();
});
