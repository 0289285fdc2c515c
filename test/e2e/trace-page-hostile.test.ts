import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { postSpans } from '../support/post-traces.ts';
import { createTraceWriter } from '../support/shop-trace.ts';
import { type System, startSystem } from '../support/system.ts';

let system: System;
let browser: Browser;
let page: Page;

const traceId = 'bad0bad0bad0bad0bad0bad0bad0bad0';
const spanId = 'bad0bad0bad00001';
const script = '<script>window.broken=1</script>';
const image = '<img src=x onerror="window.broken=1">';
const words = 'lorem ipsum dolor sit amet '.repeat(37_000);
const table = {
  rows: Array.from({ length: 5_000 }, (_, row) => ({ row, name: `row ${row}`, exact: '9007199254740993' })),
};
const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const say = (...parts: unknown[]) => ({ role: 'user', parts });
const text = (content: string) => ({ type: 'text', content });
const messages = [
  say(text(`${script}\n\n${image}\n\n<svg onload="window.broken=1"></svg>`)),
  say(
    text('[a link](javascript:window.broken=1) [another](data:text/html,x) ![a pixel](https://images.invalid/p.png)'),
  ),
  say(text('<a href="javascript:window.broken=1">raw link</a> <iframe src="https://frames.invalid"></iframe>')),
  say(text('مرحبا بالعالم שלום עולם 👩‍👩‍👧‍👦 \u202Ekcatta\u202C')),
  say(text(words)),
  say(text(JSON.stringify(table))),
  say(
    { type: 'blob', modality: 'image', mime_type: 'image/png', content: pixel },
    { type: 'blob', modality: 'image', mime_type: 'image/svg+xml', content: btoa('<svg onload="window.broken=1"/>') },
    { type: 'uri', modality: 'image', mime_type: 'image/png', uri: 'https://images.invalid/cat.png' },
    { type: 'uri', modality: 'image', mime_type: 'image/png', uri: 'javascript:window.broken=1' },
  ),
];

const foreign: string[] = [];
const wrong: string[] = [];

beforeAll(async () => {
  [system, browser] = await Promise.all([startSystem(), launchBrowser()]);
  page = await browser.newPage({ viewport: { width: 1_440, height: 900 } });
  page.on('request', (request) => {
    if (!request.url().startsWith(system.url) && !request.url().startsWith('data:')) foreign.push(request.url());
  });
  page.on('pageerror', (error) => wrong.push(error.message));
  const span = createTraceWriter({ traceId, startMs: Date.UTC(2026, 9, 1) });
  await postSpans(system.otlp, [
    span({
      spanId,
      name: `${image} chat`,
      fromMs: 0,
      toMs: 1_000,
      error: `${script} failed`,
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.request.model': script,
        'gen_ai.agent.name': image,
        'gen_ai.input.messages': JSON.stringify(messages),
        'error.type': image,
        '<b>key</b>': '<i>value</i>',
        'link.to': 'javascript:window.broken=1',
        'long.value': words.slice(0, 60_000),
      },
    }),
  ]);
});
afterAll(async () => {
  await browser.close();
  await system.remove();
});

describe('hostile content', () => {
  it('is shown as text, runs nothing and loads nothing', async () => {
    await page.goto(`${system.url}/traces/${traceId}?span=${spanId}`);
    await waitForIdle(page);
    const panel = page.getByRole('tabpanel');
    await expect.poll(() => panel.textContent()).toContain(image);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain(image);
    expect(await panel.locator('script, iframe, svg[onload], [onerror], [onload]').count()).toBe(0);
    expect(await panel.locator('img').count()).toBe(1);
    expect(await panel.locator('img').getAttribute('src')).toMatch(/^data:image\/png;base64,/);
    for (const link of await panel.locator('a[href]').all()) {
      expect(await link.getAttribute('href')).toMatch(/^https:\/\/images\.invalid\//);
      expect(await link.getAttribute('rel')).toContain('noopener');
    }

    const shows = async (content: string) => (await panel.textContent())?.includes(content);
    await page.getByRole('tab', { name: 'Attributes' }).click();
    await expect.poll(() => shows('<i>value</i>')).toBe(true);
    await page.getByRole('tab', { name: 'Raw' }).click();
    await expect.poll(() => shows('</script>')).toBe(true);
    expect(await page.evaluate<boolean>(`'broken' in window`)).toBe(false);
    expect(foreign).toEqual([]);
    expect(wrong).toEqual([]);
  });

  it('is folded when it is long, and shown whole on demand', async () => {
    await page.goto(`${system.url}/traces/${traceId}?span=${spanId}`);
    await waitForIdle(page);
    const panel = page.getByRole('tabpanel');
    const length = () => panel.textContent().then((shown) => shown?.length);
    await expect.poll(length).toBeGreaterThan(3_000);
    expect(await length()).toBeLessThan(40_000);
    await panel.getByRole('button', { name: /^Show all: .*976 KiB/ }).click();
    await expect.poll(length).toBeGreaterThan(words.length);
    await panel.getByRole('button', { name: /^rows/ }).click();
    await expect.poll(() => panel.getByRole('button', { name: '100 more of 5,000' }).count()).toBe(1);
  });

  it('stays what it was in the raw answer', async () => {
    await page.goto(`${system.url}/traces/${traceId}?span=${spanId}&tab=raw`);
    await waitForIdle(page);
    await page.getByRole('button', { name: /^Show all/ }).click();
    const json = JSON.parse((await page.getByRole('tabpanel').locator('pre').textContent()) ?? '') as {
      inputMessages: { parts: { content?: string }[] }[];
    };
    expect(json.inputMessages[3]?.parts[0]?.content).toBe(
      messages[3]?.parts.map((part) => (part as { content: string }).content)[0],
    );
    expect(json.inputMessages[4]?.parts[0]?.content === words).toBe(true);
  });
});
