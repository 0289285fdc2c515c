import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { sendTraces } from '../support/simple-traces.ts';
import { startSystem, type System } from '../support/system.ts';

const liveLimitMs = 2_000;
const costLimitMs = 5_000;

let system: System;
let browser: Browser;

beforeAll(async () => {
  [system, browser] = await Promise.all([startSystem(), launchBrowser()]);
});

afterAll(async () => {
  await Promise.all([browser.close(), system.remove()]);
});

async function openLive(project: string, search = ''): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(`${system.url}/traces?project=${project}${search}`);
  await waitForIdle(page);
  await page.locator('[data-live="open"]').waitFor();
  return page;
}

// A machine that is busy with other tests may miss it once.
test('a span that arrives is a row in under two seconds, without a reload', { retry: 2 }, async () => {
  await sendTraces(system.otlp, [{ words: 'before' }], 'quick');
  const page = await openLive('quick');
  await page.getByText('before').first().waitFor();
  const words = `just asked at ${Date.now()}`;
  const sentAt = performance.now();
  await sendTraces(system.otlp, [{ words, agoMs: 100, durationMs: 50 }], 'quick');
  await page.locator('[data-trace]').first().getByText(words).waitFor();
  expect(performance.now() - sentAt).toBeLessThan(liveLimitMs);
  await page.close();
});

// Once more where other tests held the machine: what is measured is this product's time, a second or two of it.
test('its cost is on the open list in under five seconds', { retry: 2 }, async () => {
  const page = await openLive('cost');
  const sentAt = performance.now();
  const [priced = '', unpriced = ''] = await sendTraces(
    system.otlp,
    [
      { model: 'gpt-4o', agoMs: 100 },
      { model: 'nobody-knows-1', agoMs: 200 },
    ],
    'cost',
  );
  // 1,100 × $2.50/M + 84 × $10/M
  const cost = (traceId: string) => page.locator(`[data-trace="${traceId}"] .cost > span`);
  await cost(priced).getByText('$0.00359').waitFor();
  expect(performance.now() - sentAt).toBeLessThan(costLimitMs);
  await expect.poll(() => cost(unpriced).getAttribute('title')).toBe('Unknown: 1 model call without a price');
  expect(await cost(unpriced).textContent()).toBe('–');
  await page.close();
});

test('who has scrolled keeps place and row, is told how many are new, and gets them at a click', async () => {
  const old = Array.from({ length: 80 }, (_, index) => ({ words: `old ${index}`, agoMs: 60_000 + index * 1_000 }));
  await sendTraces(system.otlp, old, 'place');
  const page = await openLive('place');
  for (let step = 0; step < 60; step += 1) await page.keyboard.press('j');
  const row = page.locator('.row.current');
  const before = { id: await row.getAttribute('data-trace'), box: await row.boundingBox() };
  await sendTraces(
    system.otlp,
    [
      { words: 'new', agoMs: 200 },
      { words: 'newer', agoMs: 100 },
    ],
    'place',
  );
  const pill = page.getByRole('button', { name: '2 new' });
  await pill.waitFor();
  expect(await row.getAttribute('data-trace')).toBe(before.id);
  expect(await row.boundingBox()).toEqual(before.box);
  await pill.click();
  await page.locator('[data-trace]').first().getByText('newer').waitFor();
  await page.close();
});

test('filters hold for what arrives, and a paused page stands still', async () => {
  await sendTraces(system.otlp, [{ agent: 'billing', words: 'first' }], 'chosen');
  const page = await openLive('chosen', '&agent=billing');
  await sendTraces(
    system.otlp,
    [
      { agent: 'support', words: 'not mine', agoMs: 200 },
      { agent: 'billing', words: 'mine', agoMs: 100 },
    ],
    'chosen',
  );
  await page.locator('[data-trace]').first().getByText('mine', { exact: true }).waitFor();
  expect(await page.getByText('not mine').count()).toBe(0);
  await page.getByRole('switch', { name: 'Live' }).click();
  await page.getByText('Paused').waitFor();
  await sendTraces(system.otlp, [{ agent: 'billing', words: 'unseen', agoMs: 50 }], 'chosen');
  await page.keyboard.press('r');
  await page.locator('[data-trace]').first().getByText('unseen').waitFor();
  await page.close();
});

test('the stream comes back after the server was away, with what arrived meanwhile', async () => {
  const first = await startSystem();
  await sendTraces(first.otlp, [{ words: 'before' }]);
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(`${first.url}/traces`);
  await page.locator('[data-live="open"]').waitFor();
  await first.stop();
  await page.locator('[data-live="waiting"]').waitFor();
  const second = await startSystem({
    dataDir: first.dataDir,
    environment: { SIGHTGLASS_PORT: new URL(first.url).port },
  });
  try {
    await sendTraces(second.otlp, [{ words: 'while away', agoMs: 100 }]);
    await page.locator('[data-live="open"]').waitFor();
    await page.locator('[data-trace]').first().getByText('while away').waitFor();
    await sendTraces(second.otlp, [{ words: 'after', agoMs: 50 }]);
    await page.locator('[data-trace]').first().getByText('after').waitFor();
  } finally {
    await page.close();
    await second.remove();
    await first.remove();
  }
});
