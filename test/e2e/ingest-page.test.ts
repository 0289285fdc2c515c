import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newSpan } from '../integration/collector/live-collector.ts';
import { ingestWriter } from '../integration/server/ingest-fixtures.ts';
import { expectAccessible } from '../support/accessible.ts';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { type OwnDatabase, startDatabase } from '../support/database.ts';
import { attributesOf, encodeJson, tracesOf, type WireSpan } from '../support/otlp-encode.ts';
import { type Pipeline, startPipeline } from '../support/pipeline.ts';

let database: OwnDatabase;
let pipeline: Pipeline;
let browser: Browser;
let write: ReturnType<typeof ingestWriter>;

const stored = newSpan({ 'gen_ai.operation.name': 'chat' }, { name: 'chat' });
const narrow = { width: 390, height: 844 };

beforeAll(async () => {
  database = await startDatabase();
  [pipeline, browser] = await Promise.all([startPipeline(database), launchBrowser()]);
  write = ingestWriter(database, 'default');
  const nowMs = Date.now();
  await write.counts(nowMs - 7_200_000, { service: 'checkout', client: 'sdk-js/1.2' }, [
    ['received', 1_000],
    ['stored', 700],
    ['spooled', 280],
    ['rejected', 20, 'time_missing'],
    ['bytes', 64_000],
  ]);
  await write.counts(nowMs - 7_200_000, { client: 'sdk-js/1.2' }, [
    ['requests', 10, 'ok'],
    ['requests', 2, '413'],
  ]);
  await write.collector('collector-b:4318', nowMs, {
    ...{ circuit: 'open', spoolRecords: 1_230, spoolBytes: 48_000_000, spoolOldestMs: nowMs - 180_000 },
    ...{ queueLimitBytes: 268_435_456, spoolLimitBytes: 10_737_418_240 },
  });
  await post('web', [stored, newSpan({}, { traceId: stored.traceId, spanId: 'abcd', name: 'lookup_order' })]);
});
afterAll(async () => {
  await write.close();
  await Promise.all([browser.close(), pipeline.stop()]);
  await database.stop();
});

async function post(service: string, spans: WireSpan[]): Promise<void> {
  const reply = await fetch(`${pipeline.otlp}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': 'sdk-python/3.4 requests/2' },
    body: new Uint8Array(encodeJson(tracesOf(spans, { resource: attributesOf({ 'service.name': service }) }))),
  });
  expect(reply.status).toBe(200);
}

async function open(path: string, options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  const viewport = { width: 1_440, height: 900 };
  const context = await browser.newContext({ viewport, reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  await page.goto(pipeline.api + path);
  await waitForIdle(page);
  return page;
}

const textOf = async (page: Page, selector: string) =>
  ((await page.locator(selector).textContent()) ?? '').replace(/\s+/g, ' ');

test('the rail leads to what was received: received = stored + rejected, by sender, with the reasons', async () => {
  const page = await open('/traces?agent=support');
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Ingest' }).click();
  await page.waitForURL(/\/ingest$/);
  await page.locator('[data-received="1002"]').waitFor();
  expect(await textOf(page, '[aria-label="What became of what was received"]')).toMatch(
    /received 1,002 = stored 981 \+ rejected 21 1,002 spans .* 2.1 % rejected .* 280 by way of the disk .* 13 requests, 2 refused/,
  );
  const senders = page.locator('[data-sender]');
  expect(await senders.evaluateAll((rows) => rows.map((row) => row.dataset['sender']))).toEqual(['checkout', 'web']);
  expect(await textOf(page, '[data-sender=web]')).toMatch(/web ?sdk-python\/3.4 HTTP, JSON ?2received ?1 50 %rejected/);
  const reasons = page.getByRole('list', { name: 'Why things were not taken' });
  expect(await reasons.getByRole('listitem').count()).toBe(3);
  await reasons.getByText('Send startTimeUnixNano').waitFor();
  await page.close();
});

test('a reject says which span it was, and leads to the rest of its trace', async () => {
  const page = await open('/ingest');
  const reject = page.locator('[data-reject=span_id_length]');
  expect(await reject.textContent()).toMatch(
    /web.*span id is not 8 bytes.*lookup_order.*resourceSpans\[0\].scopeSpans\[0\].spans\[1\]/s,
  );
  await reject.getByRole('link', { name: 'trace' }).click();
  await page.waitForURL(new RegExp(`/traces/${stored.traceId}$`));
  await page.close();
});

test('a collector says what is safe on its disk', async () => {
  const page = await open('/ingest');
  const card = page.locator('[data-collector="collector-b:4318"]');
  expect(await card.textContent()).toMatch(
    /ClickHouse is away: 1,230 requests \(45.8 MiB\) are safe on disk, the oldest received \d min ago/,
  );
  await page.close();
});

test('the chart is read by keyboard, and Enter shows only that time', async () => {
  const page = await open('/ingest?live=off');
  const chart = page.getByRole('slider', { name: /Received over time/ });
  await chart.focus();
  const read = async () => {
    await page.keyboard.press('ArrowLeft');
    return chart.getAttribute('aria-valuetext');
  };
  await expect.poll(read).toContain('700 stored, 280 stored by way of the disk, 20 rejected');
  await page.keyboard.press('Enter');
  await page.waitForURL(/from=.*&to=/);
  await page.locator('[data-received="1000"]').waitFor();
  await page.goBack();
  await page.locator('[data-received="1002"]').waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/traces\?service=checkout$/);
  await page.close();
});

test('follows what comes in, and tells who has sent nothing yet how to', async () => {
  const page = await open('/ingest?project=fresh');
  await page.getByText('Nothing was received in the last 24 hours.').waitFor();
  expect(await page.getByText('OTEL_EXPORTER_OTLP_ENDPOINT').count()).toBe(1);
  await write.counts(Date.now(), { project: 'fresh', service: 'new' }, [
    ['received', 3],
    ['stored', 3],
  ]);
  await page.locator('[data-received="3"]').waitFor();
  await page.close();
});

test('has no barrier that axe knows, in both themes, wide and narrow', async () => {
  for (const options of [{}, { viewport: narrow }]) {
    const page = await open('/ingest', options);
    await page.locator('[data-received]').waitFor();
    await expectAccessible(page);
    const widest = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(widest).toBeLessThanOrEqual(options.viewport?.width ?? 1_440);
    await page.close();
  }
});
