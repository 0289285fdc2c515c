import type { Browser, Page } from 'playwright';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { expectAccessible } from '../support/accessible.ts';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { postSpans } from '../support/post-traces.ts';
import { createTraceWriter } from '../support/shop-trace.ts';
import { type System, startSystem } from '../support/system.ts';

const traceId = '5b8e1c07d3a94f62b0c7419e6fd82a35';
const spanId = 'ab00000000000001';
const sessionId = 'with-media';
/** One red pixel. */
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
/** Above what one part may keep. */
const largeBytes = 2_000_000;
const settledWithinMs = 60_000;

let system: System;
let browser: Browser;
let page: Page;
let foreign: string[];

beforeAll(async () => {
  [system, browser] = await Promise.all([startSystem(), launchBrowser()]);
  const span = createTraceWriter({ traceId, startMs: Date.UTC(2026, 9, 1, 12) });
  const content = [
    { type: 'text', text: 'What do you make of these?' },
    { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
    { type: 'image_url', image_url: { url: 'https://pictures.example/far.png' } },
    {
      type: 'image_url',
      image_url: { url: `data:image/svg+xml;base64,${base64('<svg xmlns="http://www.w3.org/2000/svg"/>')}` },
    },
    { type: 'input_audio', input_audio: { data: silence().toString('base64'), format: 'wav' } },
    { type: 'file', file: { filename: 'terms.pdf', file_data: `data:application/pdf;base64,${base64('%PDF-1.7 a')}` } },
    { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: 'A'.repeat(largeBytes) } },
  ];
  await postSpans(system.otlp, [
    span({
      ...{ spanId, name: 'chat gpt-4o', fromMs: 0, toMs: 900 },
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.request.model': 'gpt-4o',
        'gen_ai.input.messages': JSON.stringify([{ role: 'user', content }]),
        'gen_ai.output.messages': JSON.stringify([{ role: 'assistant', content: 'A red pixel and silence.' }]),
        'session.id': sessionId,
      },
    }),
  ]);
  const checkSettled = async () => {
    expect((await fetch(`${system.url}/api/sessions/${sessionId}`)).status).toBe(200);
  };
  await vi.waitFor(checkSettled, { timeout: settledWithinMs, interval: 500 });
  return () => Promise.all([browser.close(), system.remove()]);
});
beforeEach(async () => {
  const context = await browser.newContext({ viewport: { width: 1_440, height: 900 } });
  page = await context.newPage();
  foreign = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(system.url) && !request.url().startsWith('data:')) foreign.push(request.url());
  });
  return () => context.close();
});

describe.each([
  ['the trace', `/traces/${traceId}?span=${spanId}&tab=messages`, '[role=tabpanel]'],
  ['the replay', `/sessions/${sessionId}`, 'main'],
])('media in %s', (_where, path, selector) => {
  const place = () => page.locator(selector);
  const open = async () => {
    await page.goto(system.url + path);
    await waitForIdle(page);
    await place().locator('figure.media').nth(5).waitFor();
  };
  const property = (of: string, name: string) =>
    page.evaluate<number>(`document.querySelector('${selector} ${of}').${name} || 0`);
  const caption = (text: string) => place().locator('figcaption', { hasText: text }).first();

  it('is drawn where it is an image that came along, and nothing else is loaded', async () => {
    await open();
    const image = place().locator('figure img').first();
    expect(await image.getAttribute('src')).toBe(`data:image/png;base64,${png}`);
    await expect.poll(() => property('figure img', 'naturalWidth')).toBe(1);
    // The same picture in the conversation and in what the model saw, and no other.
    const sources = await page.evaluate<string[]>(
      `Array.from(document.querySelectorAll('${selector} img'), (one) => one.src)`,
    );
    expect([...new Set(sources)]).toEqual([`data:image/png;base64,${png}`]);
    expect(foreign).toEqual([]);
  });

  it('is played where it is a sound', async () => {
    await open();
    const sound = place().locator('audio').first();
    expect(await sound.getAttribute('src')).toMatch(/^data:audio\/wav;base64,/);
    await expect.poll(() => property('audio', 'duration')).toBeGreaterThan(0);
    expect(await sound.getAttribute('controls')).not.toBeNull();
  });

  it('is named with type and size where it is anything else, and says what was cut', async () => {
    await open();
    expect(await caption('terms.pdf').textContent()).toMatch(/terms\.pdf\s*application\/pdf, 10 B/);
    expect(await caption('image/svg+xml').textContent()).toMatch(/image\/svg\+xml, 41 B/);
    expect(await caption('pictures.example').textContent()).toMatch(
      /image.*https:\/\/pictures\.example\/far\.png.*not loaded/s,
    );
    expect(await caption('image/jpeg').textContent()).toMatch(/image\/jpeg, 1\.43 MiB\s+cut when it was stored/s);
  });

  it('is accessible in both themes', async () => {
    await open();
    await expectAccessible(page);
  });

  it('fits a telephone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await open();
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
  });
});

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** A tenth of a second of silence as WAV: one channel, 8 kHz, 8 bits. */
function silence(): Buffer {
  const samples = Buffer.alloc(800, 128);
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8_000, 24);
  head.writeUInt32LE(8_000, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}
