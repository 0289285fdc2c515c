import type { Browser, Page } from 'playwright';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectAccessible } from '../support/accessible.ts';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { postSpans } from '../support/post-traces.ts';
import { makePricedTraces, otherTraceId, pricedTraceId } from '../support/priced-trace.ts';
import { type System, startSystem } from '../support/system.ts';

let system: System;
let browser: Browser;
let page: Page;

const longAgoMs = Date.UTC(2026, 9, 1, 12);
/** On a busy machine; else it is a second or two, and two more until the page asks again. */
const settledWithinMs = 60_000;

beforeAll(async () => {
  [system, browser] = await Promise.all([startSystem(), launchBrowser()]);
  await postSpans(system.otlp, makePricedTraces(longAgoMs));
  return () => Promise.all([browser.close(), system.remove()]);
});
beforeEach(async () => {
  const context = await browser.newContext({ viewport: { width: 1_440, height: 900 } });
  page = await context.newPage();
  return () => context.close();
});

/** The page as it is once settlement has come to the trace: it follows that by itself. */
const open = async (search = '') => {
  await page.goto(`${system.url}/traces/${pricedTraceId}${search}`);
  await waitForIdle(page);
  await expect.poll(() => header().textContent(), { timeout: settledWithinMs }).toContain('3 calls priced, 1 unpriced');
  await waitForIdle(page);
};
const header = () => page.locator('header .facts');
const row = (name: string) => page.getByRole('row', { name });
const panel = () => page.getByRole('tabpanel');
const openCost = async (name: string) => {
  await row(name).click();
  await page.getByRole('tab', { name: 'Cost' }).click();
  await waitForIdle(page);
};
const texts = async (selector: string) => (await panel().locator(selector).allTextContents()).map((one) => one.trim());

describe('the cost of a trace', () => {
  it('is the sum over the calls that count, and says how many those are', async () => {
    await open();
    // $0.00296 + $0.002 + $0.25 reported; one call has no price.
    expect(await header().textContent()).toContain('$0.255+');
    expect(await header().getByRole('link', { name: '$0.255+' }).getAttribute('title')).toContain('$0.25496');
    await page.goto(`${system.url}/traces?from=2026-10-01T00:00:00Z&to=2026-10-02T00:00:00Z&sort=-cost`);
    await waitForIdle(page);
    const rows = page.locator(`[data-trace]`);
    expect(await rows.first().getAttribute('data-trace')).toBe(pricedTraceId);
    expect(await rows.first().locator('.cost').textContent()).toContain('$0.255+');
  });

  it('leads to the ledger rows of the trace', async () => {
    await open();
    await header().getByRole('link', { name: '$0.255+' }).click();
    await page.waitForURL(/\/costs\/ledger\?.*traceId=/);
    await waitForIdle(page);
    expect(await page.locator('[data-entry]').count()).toBe(7);
  });
});

describe('a span', () => {
  it('says in its row whether it counts', async () => {
    await open();
    const facts = async (name: string) =>
      (await row(name).locator('.fact').allTextContents()).map((text) => text.trim());
    expect(await facts('invoke_agent billing')).toEqual(['Σ 4.00 k → 300 tok']);
    expect(await facts('chat gpt-4o')).toEqual(['1.10 k → 84 tok', '$0.00296']);
    expect(await facts('chat outer')).toEqual(['400 → 100 tok', 'wrapper', 'gpt-4o']);
    expect(await facts('chat inner')).toEqual(['400 → 100 tok', '$0.002', 'gpt-4o']);
    expect(await facts('chat house')).toEqual(['70 → 7 tok', 'no price', 'house-model-1']);
    expect(await facts('chat partner')).toEqual(['80 → 8 tok', '$0.25', 'reported', 'partner-model-1']);
    expect(await facts('chat copy')).toEqual(['90 → 9 tok', 'duplicate', 'gpt-4o']);
  });

  it('leads to the one that counts instead, also in another trace', async () => {
    await open();
    await row('chat outer').click();
    const facts = page.locator('.facts .note');
    await expect.poll(() => facts.last().textContent()).toContain('wrapper of chat inner, which is counted instead.');
    await facts.getByRole('link', { name: 'chat inner' }).click();
    await page.waitForURL(/span=c000000000000004/);
    await expect.poll(() => facts.last().textContent()).toContain('Counted:');
    await row('chat copy').click();
    await expect.poll(() => facts.last().textContent()).toContain('in another trace, which is counted instead.');
    await facts.getByRole('link').click();
    await page.waitForURL((url) => url.pathname.endsWith(otherTraceId) && url.search.includes('d000000000000001'));
  });

  it('explains its amount: tokens, unit prices, parts, version, and what the emitter said', async () => {
    await open();
    await openCost('chat gpt-4o');
    await expect.poll(() => panel().locator('.amount').textContent()).toMatch(/\$0\.00296\s+priced/);
    expect(await texts('tbody td')).toEqual([
      ...['input', '592', '$2.5', '$0.00148'],
      ...['cache read', '512', '$1.25', '$0.00064'],
      ...['output', '84', '$10', '$0.00084'],
    ]);
    expect(await texts('dd')).toEqual(
      expect.arrayContaining(['$0.004, beside ours, in no sum', 'gpt-4o', 'openai', expect.stringContaining('genai')]),
    );
    await panel().getByRole('link', { name: 'Ledger rows' }).click();
    await page.waitForURL(/\/costs\/ledger/);
  });

  it('says why there is no amount, or whose it is', async () => {
    await open();
    await openCost('chat house');
    await expect.poll(() => panel().textContent()).toContain('Nobody has a price for this model');
    await openCost('chat partner');
    await expect.poll(() => panel().locator('.amount').textContent()).toMatch(/\$0\.25\s+reported/);
    expect((await texts('dd'))[0]).toBe('$0.25, is the amount: we have no price');
    await openCost('invoke_agent billing');
    await expect.poll(() => panel().textContent()).toContain('Not counted, so no cost of its own');
  });

  it('shows what went in and came out of a step that is no call', async () => {
    await open();
    await row('check the invoice').click();
    await expect.poll(() => panel().textContent()).toMatch(/invoice 77.*paid/s);
    expect(await page.locator('.facts .note').textContent()).toContain('Not counted: not a model call.');
    expect(await page.getByRole('tab', { name: 'Cost' }).count()).toBe(0);
  });

  it('is accessible with its cost, in both themes', async () => {
    await open();
    for (const name of ['chat gpt-4o', 'chat partner', 'chat copy']) {
      await openCost(name);
      await panel().locator('.amount').waitFor();
      await page.evaluate('document.fonts.ready.then(() => undefined)');
      await expectAccessible(page);
    }
  });

  it('fits a telephone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${system.url}/traces/${pricedTraceId}`);
    await waitForIdle(page);
    await expect.poll(() => row('chat outer').textContent(), { timeout: settledWithinMs }).toContain('wrapper');
    await openCost('chat gpt-4o');
    await panel().locator('.amount').waitFor();
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
  });
});
