import { createHash } from 'node:crypto';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import type { WireSpan } from '../support/otlp-encode.ts';
import { postSpans } from '../support/post-traces.ts';
import { waitForSession } from '../support/settled-session.ts';
import { createTraceWriter } from '../support/shop-trace.ts';
import { type System, startSystem } from '../support/system.ts';

const turnCount = 500;
const hugeLines = 20_000;
const startMs = Date.now() - 12 * 3_600_000;
let system: System;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  [system, browser] = await Promise.all([startSystem(), launchBrowser()]);
  await postSpans(system.otlp, makeLongSession());
  await postSpans(system.otlp, makePipeline());
  await Promise.all([waitForSession(system.url, 'long', turnCount), waitForSession(system.url, 'pipeline', 1)]);
  page = await browser.newPage({ viewport: { width: 1_440, height: 900 } });
});
afterAll(async () => {
  await Promise.all([browser.close(), system.remove()]);
});

function makeLongSession(): WireSpan[] {
  const text = (role: string, content: string) => ({ role, parts: [{ type: 'text', content }] });
  return Array.from({ length: turnCount }, (_, turn) => {
    const traceId = createHash('sha256').update(`long ${turn}`).digest('hex').slice(0, 32);
    const span = createTraceWriter({ traceId, startMs: startMs + turn * 60_000 });
    const huge = Array.from({ length: hugeLines }, (__, line) => `line ${line} of many`).join('\n');
    const answer = turn === 250 ? huge : `Answer ${turn + 1}`;
    return span({
      spanId: (turn + 1).toString(16).padStart(16, 'c'),
      name: 'chat gpt-4o',
      fromMs: 0,
      toMs: 2_000,
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': 'gpt-4o',
        'gen_ai.usage.input_tokens': 100,
        'gen_ai.usage.output_tokens': 10,
        'session.id': 'long',
        'gen_ai.input.messages': JSON.stringify([text('user', `Question ${turn + 1}`)]),
        'gen_ai.output.messages': JSON.stringify([text('assistant', answer)]),
      },
    });
  });
}

/** A program without a user: a step that starts others, one of which is a tool that fails. */
function makePipeline(): WireSpan[] {
  const span = createTraceWriter({ traceId: 'f'.repeat(32), startMs });
  const nodes = Array.from({ length: 300 }, (_, node) =>
    span({
      spanId: `e${(node + 2).toString(16).padStart(15, '0')}`,
      parentSpanId: 'e000000000000001',
      name: `node ${node}`,
      fromMs: node * 10,
      toMs: node * 10 + 9,
      ...(node === 7 && {
        error: 'no such file',
        attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'read_file' },
      }),
    }),
  );
  const root = span({
    spanId: 'e000000000000001',
    name: 'nightly import',
    fromMs: 0,
    toMs: 4_000,
    attributes: { 'session.id': 'pipeline' },
  });
  return [root, ...nodes];
}

async function open(path: string): Promise<void> {
  await page.goto(system.url + path);
  await waitForIdle(page);
}

test('a session of 500 turns opens with its first page, and draws only what is in view', async () => {
  await open('/sessions/long');
  await page.getByText('500 turns').first().waitFor();
  await page.getByRole('region', { name: 'Turn 1', exact: true }).getByText('Answer 1', { exact: true }).waitFor();
  expect(await page.locator('[data-step]').count()).toBeLessThan(60);
});

test('a link into the middle loads the turns up to it; End goes to the last one', async () => {
  await open('/sessions/long?step=300');
  await page.getByRole('region', { name: 'Turn 300' }).getByText('Answer 300').waitFor();
  expect(await page.getByRole('navigation', { name: 'Turns' }).locator('[aria-current=true]').textContent()).toContain(
    'Question 300',
  );
  await page.keyboard.press('End');
  await page.getByRole('region', { name: 'Turn 500' }).getByText('Answer 500').waitFor();
  expect(await page.locator('[data-step]').count()).toBeLessThan(120);
});

test('a huge message is folded at 40 lines with its size', async () => {
  await open('/sessions/long?step=251');
  const turn = page.getByRole('region', { name: 'Turn 251' });
  await turn.getByRole('button', { name: /^Show all: about 20,000 lines/ }).waitFor();
  expect(await turn.getByText('line 39 of many').count()).toBeGreaterThan(0);
  expect(await turn.getByText('line 41 of many').count()).toBe(0);
});

test('a program that no user speaks to is a run of its steps', async () => {
  await open('/sessions/pipeline');
  const run = page.getByRole('region', { name: 'Turn 1' });
  await run.getByText('Run 1').waitFor();
  await run.getByRole('link', { name: 'nightly import', exact: true }).waitFor();
  await run.locator('[data-step$="/e000000000000009"]').getByText('no such file').waitFor();
  await run.getByRole('button', { name: /^Show \d+ more steps of 301/ }).waitFor();
});
