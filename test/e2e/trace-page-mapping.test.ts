import type { Browser, Page } from 'playwright';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectAccessible } from '../support/accessible.ts';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { postSpans } from '../support/post-traces.ts';
import { createTraceWriter } from '../support/shop-trace.ts';
import { type System, startSystem } from '../support/system.ts';

const traceId = '6d0f2c9ab4e14d7fa1c35b8e90d2f417';
const callId = 'e000000000000001';
const plainId = 'e000000000000002';

let system: System;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  [system, browser] = await Promise.all([startSystem(), launchBrowser()]);
  const span = createTraceWriter({ traceId, startMs: Date.UTC(2026, 9, 1, 12) });
  await postSpans(system.otlp, [
    span({
      ...{ spanId: callId, name: 'chat gpt-4o', fromMs: 0, toMs: 900 },
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': 'gpt-4o',
        'gen_ai.usage.input_tokens': 1_204,
        'gen_ai.input.messages': '[{"role":"user","parts":[{"type":"text","content":"hello"}]}]',
        'session.id': 'session-7',
        'shop.order': 1_042,
      },
    }),
    span({
      ...{ spanId: plainId, parentSpanId: callId, name: 'cache look-up', fromMs: 100, toMs: 200 },
      attributes: { 'cache.hit': false },
    }),
  ]);
  return () => Promise.all([browser.close(), system.remove()]);
});
beforeEach(async () => {
  const context = await browser.newContext({ viewport: { width: 1_440, height: 900 } });
  page = await context.newPage();
  return () => context.close();
});

const open = async (spanId: string, tab = 'mapping') => {
  await page.goto(`${system.url}/traces/${traceId}?span=${spanId}&tab=${tab}`);
  await waitForIdle(page);
};
const panel = () => page.getByRole('tabpanel');
const rows = async () => {
  const cells = panel().locator('tbody tr');
  await cells.first().waitFor();
  return (await cells.allInnerTexts()).map((row) => row.split(/[\t\n]+/).map((cell) => cell.trim()));
};

describe('the mapping of a span', () => {
  it('names the convention, and of each field its value, its attribute and who names it so', async () => {
    await open(callId);
    const genAi = 'OpenTelemetry GenAI';
    expect(await rows()).toEqual([
      ['Kind', 'llm', 'gen_ai.operation.name', genAi],
      ['Operation', 'chat', 'gen_ai.operation.name', genAi],
      ['Provider', 'openai', 'gen_ai.provider.name', genAi],
      ['Model asked for', 'gpt-4o', 'gen_ai.request.model', genAi],
      ['Input tokens', '1,204', 'gen_ai.usage.input_tokens', genAi],
      ['Session', 'session-7', 'session.id', 'General OpenTelemetry names'],
      ['Input messages', '1 message', 'gen_ai.input.messages', genAi],
    ]);
    expect(await panel().textContent()).toMatch(/Understood as OpenTelemetry GenAI.*7 fields/s);
    // What became content is not kept as an attribute: there is nothing to lead to.
    expect(await panel().getByRole('link', { name: 'gen_ai.input.messages' }).count()).toBe(0);
    expect(await panel().locator('li').allTextContents()).toEqual(['shop.order']);
  });

  it('leads from an attribute to its row, and back', async () => {
    await open(callId);
    await panel().getByRole('link', { name: 'gen_ai.request.model' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/tab=attributes&attribute=gen_ai\.request\.model/);
    await expect.poll(() => page.locator(':focus').getAttribute('title')).toContain('gen_ai.request.model');
    expect(await panel().locator('tr.target').textContent()).toContain('gpt-4o');
    await page.goBack();
    await expect.poll(() => panel().textContent()).toContain('Understood as');
  });

  it('is a tab that the keyboard reaches and the address names', async () => {
    await open(callId, 'attributes');
    await page.getByRole('tab', { name: 'Attributes' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.waitForURL(/tab=mapping/);
    expect(await page.getByRole('tab', { name: 'Mapping' }).getAttribute('aria-selected')).toBe('true');
  });

  it('says of a span in no convention what is kept of it', async () => {
    await open(plainId);
    await expect.poll(() => panel().textContent()).toContain('No agent convention was recognised.');
    expect(await panel().locator('li').allTextContents()).toEqual(['cache.hit']);
  });

  it('says of a span that was stored before that its places are not known', async () => {
    await page.route(`**/api/traces/*/spans/${callId}*`, async (route) => {
      const reply = await route.fetch();
      const { span } = (await reply.json()) as { span: { mapping: object } };
      await route.fulfill({ json: { span: { ...span, mapping: { ...span.mapping, fields: [] } } } });
    });
    await open(callId);
    await expect
      .poll(() => panel().textContent())
      .toContain('stored before the places of its fields were written down');
    expect(await panel().locator('li').count()).toBe(0);
  });

  it('is accessible in both themes', async () => {
    for (const tab of ['mapping', 'attributes&attribute=session.id']) {
      await open(callId, tab);
      await panel().locator('tbody').first().waitFor();
      await expectAccessible(page);
    }
  });

  it('fits a telephone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await open(callId);
    await rows();
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
  });
});
