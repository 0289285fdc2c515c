import type { Browser, Page } from 'playwright';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectAccessible } from '../support/accessible.ts';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { postSpans } from '../support/post-traces.ts';
import { makeShopTrace, shopTraceId } from '../support/shop-trace.ts';
import { type System, startSystem } from '../support/system.ts';

let system: System;
let browser: Browser;
let page: Page;

const longAgoMs = Date.UTC(2026, 9, 1, 12);

beforeAll(async () => {
  [system, browser] = await Promise.all([startSystem(), launchBrowser()]);
  await postSpans(system.otlp, makeShopTrace(longAgoMs));
  return () => Promise.all([browser.close(), system.remove()]);
});
beforeEach(async () => {
  const context = await browser.newContext({ viewport: { width: 1_440, height: 900 } });
  page = await context.newPage();
  return () => context.close();
});

const open = async (search = '') => {
  await page.goto(`${system.url}/traces/${shopTraceId}${search}`);
  await waitForIdle(page);
};
const row = (name: string, nth = 0) => page.getByRole('row', { name }).nth(nth);
const selected = () => page.getByRole('row', { selected: true });
const panel = () => page.getByRole('tabpanel');

describe('the trace page', () => {
  it('shows the tree in order, with what is odd about it', async () => {
    await open();
    const rows = page.getByRole('treegrid').getByRole('rowgroup').getByRole('row');
    const names = await Promise.all(
      (await rows.all()).map(async (one) => [
        await one.getAttribute('aria-level'),
        await one.locator('.title').textContent(),
      ]),
    );
    expect(names).toEqual([
      ['1', 'invoke_agent support'],
      ['2', 'step 1'],
      ['3', 'chat gpt-4o'],
      ['3', 'execute_tool lookup_order'],
      ['3', 'execute_tool refund_status'],
      ['2', 'step 2'],
      ['3', 'chat gpt-4o'],
      ['1', 'report usage'],
    ]);
    expect(await row('report usage').textContent()).toContain('parent not received');
    expect(await row('refund_status').textContent()).toContain('TimeoutError');
    expect(await row('chat').textContent()).toContain('1.10 k → 84 tok');
    expect(await row('chat').textContent()).toContain('980 ms');
  });

  it('shows the results of tool calls beside them, wherever they were found', async () => {
    await open();
    await row('chat').click();
    const cards = panel().locator('.card');
    await expect.poll(() => cards.nth(0).textContent()).toContain('"returned"');
    await expect.poll(() => cards.nth(0).textContent()).toMatch(/lookup_order.*id.*1042/s);
    await expect.poll(() => cards.nth(1).textContent()).toContain('TimeoutError: no answer within 700 ms');
    await cards.nth(0).getByRole('button', { name: 'from its tool span' }).click();
    await expect.poll(() => selected().textContent()).toContain('lookup_order');

    await row('chat', 1).click();
    await expect.poll(() => cards.nth(1).textContent()).toContain('timeout after 700 ms');
    await expect.poll(() => panel().getByRole('article').count()).toBe(3);
    await expect.poll(() => panel().locator('strong').first().textContent()).toBe('refund');
    await page.keyboard.press('r');
    await expect.poll(() => panel().textContent()).toContain('my **refund** for');
  });

  it('restores span, tab and zoom from a link', async () => {
    await open();
    await row('lookup_order').click();
    await page.getByRole('tab', { name: 'Attributes' }).click();
    const map = await page.locator('.minimap').boundingBox();
    if (map === null) throw new Error('no minimap');
    await page.mouse.move(map.x + map.width * 0.25, map.y + 30);
    await page.mouse.down();
    await page.mouse.move(map.x + map.width * 0.5, map.y + 30, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/view=.*-/);
    const shown = await page.getByRole('slider', { name: 'Shown time', exact: true }).getAttribute('aria-valuetext');
    expect(shown).toMatch(/^1(\.0\d*)? s to 2(\.0\d*)? s of 4\.02 s$/);

    const link = page.url();
    await page.goto('about:blank');
    await page.goto(link);
    await waitForIdle(page);
    await expect.poll(() => selected().textContent()).toContain('lookup_order');
    await expect.poll(() => page.getByRole('tab', { selected: true }).textContent()).toContain('Attributes');
    expect(await page.getByRole('slider', { name: 'Shown time', exact: true }).getAttribute('aria-valuetext')).toBe(
      shown,
    );

    await page.locator('.minimap').dblclick({ position: { x: 600, y: 30 } });
    await page.waitForURL((url) => !url.searchParams.has('view'));
  });

  it('asks for each span once, however one moves', async () => {
    const asked: string[] = [];
    page.on('request', (request) => {
      const span = /\/spans\/([0-9a-f]+)/.exec(request.url())?.[1];
      if (span !== undefined) asked.push(span);
    });
    await open('?span=a000000000000003');
    for (const tab of ['Attributes', 'Raw', 'Messages']) await page.getByRole('tab', { name: tab }).click();
    await row('lookup_order').click();
    await row('chat').click();
    await page.waitForURL(/span=a000000000000003/);
    await waitForIdle(page);
    expect(asked.toSorted()).toEqual([...new Set(asked)].toSorted());
  });

  it('is walked by keyboard alone', async () => {
    await open();
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    await press('j', 'ArrowDown');
    await expect.poll(() => selected().textContent()).toContain('chat gpt-4o');
    await press('ArrowLeft', 'ArrowLeft');
    await expect.poll(() => selected().getAttribute('aria-expanded')).toBe('false');
    await expect.poll(() => page.getByRole('treegrid').getAttribute('aria-rowcount')).toBe('6');
    await press('e');
    await expect.poll(() => selected().textContent()).toContain('refund_status');
    await press('Enter');
    await expect.poll(() => page.getByRole('treegrid').count()).toBe(0);
    await press('Escape');
    await expect.poll(() => page.getByRole('treegrid').count()).toBe(1);
    await press('Escape');
    await expect.poll(() => page.getByRole('tablist').count()).toBe(0);
    await page.waitForURL((url) => !url.searchParams.has('span'));
    await press('[');
    await expect.poll(() => page.getByRole('treegrid').getAttribute('aria-rowcount')).toBe('3');
    await press('o', 'o', 'Home', 'ArrowDown', 'f');
    await page.waitForURL(/focus=a000000000000002/);
    await expect.poll(() => page.getByRole('treegrid').getAttribute('aria-rowcount')).toBe('5');
    await press('f', '+', 'Shift+ArrowRight');
    await page.waitForURL(/view=/);
    await press('0');
    await page.waitForURL((url) => !url.searchParams.has('view'));
  });

  it('finds spans, keeps their ancestors and marks the words', async () => {
    await open();
    await page.keyboard.press('/');
    await page.keyboard.type('TOOL refund');
    await expect.poll(() => page.getByRole('treegrid').getAttribute('aria-rowcount')).toBe('4');
    await expect.poll(() => page.locator('mark').allTextContents()).toEqual(['tool', 'refund']);
    await page.keyboard.press('Enter');
    await expect.poll(() => selected().textContent()).toContain('refund_status');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('treegrid').getAttribute('aria-rowcount')).toBe('9');
    await page.getByRole('button', { name: /^LLM/ }).click();
    await expect.poll(() => page.getByRole('treegrid').getAttribute('aria-rowcount')).toBe('6');
    await page.waitForURL(/show=llm/);
  });

  it('leads to its session and to the other traces of it', async () => {
    await open();
    await page.getByRole('link', { name: 'session-1', exact: true }).click();
    await page.waitForURL(/\/sessions\/session-1/);
    await page.goBack();
    await page.getByRole('link', { name: 'All traces of this session' }).click();
    await page.waitForURL(/\/traces\?.*session=session-1/);
    await waitForIdle(page);
    await page.getByText('invoke_agent support').first().waitFor();
  });

  it('fits a telephone: the list first, a span on a page of its own', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await open();
    await expect.poll(() => page.getByRole('tablist').count()).toBe(0);
    await row('chat').click();
    await expect.poll(() => panel().textContent()).toContain('for order 1042?');
    await expect.poll(() => page.getByRole('treegrid').count()).toBe(0);
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    await page.goBack();
    await expect.poll(() => page.getByRole('treegrid').count()).toBe(1);
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
  });

  it('says what may be the matter when there is no such trace', async () => {
    const traceId = 'f'.repeat(32);
    await page.goto(`${system.url}/traces/${traceId}?project=other`);
    await waitForIdle(page);
    const alert = page.getByRole('alert');
    expect(await alert.textContent()).toContain(traceId);
    expect(await alert.textContent()).toContain('“other”');
    expect(await alert.getByRole('button', { name: 'Try again' }).count()).toBe(1);
  });

  it('is accessible in every tab, in both themes', async () => {
    await open('?span=a000000000000003');
    for (const tab of ['Messages', 'Cost', 'Attributes', 'Raw']) {
      await page.getByRole('tab', { name: tab }).click();
      await waitForIdle(page);
      await page.evaluate('document.fonts.ready.then(() => undefined)');
      await expectAccessible(page);
    }
    await open('?find=refund&view=500-2000');
    await page.keyboard.press('Escape');
    await expectAccessible(page);
  });
});
