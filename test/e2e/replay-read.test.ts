import type { Browser, Locator, Page } from 'playwright';
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
});
afterAll(async () => {
  await Promise.all([browser.close(), system.remove()]);
});

async function open(step: string): Promise<void> {
  await page.goto(`${system.url}/sessions/shop?step=${step}`);
  await waitForIdle(page);
}

const stepOf = (spanId: string): Locator => page.locator(`[data-step$="/${spanId}"]`);
const context = () => page.getByRole('region', { name: 'Context of the step' });
/** Each line of the input: its sign, what it is, and the words that came and went. */
const linesOf = () =>
  context()
    .getByRole('list', { name: 'What the model saw' })
    .getByRole('listitem')
    .evaluateAll((items) =>
      items.map((item) => item.getAttribute('aria-label') ?? item.textContent.trim().replace(/\s+/g, ' ')),
    );

test('the header says whose session it is, what it cost, and links to its traces and costs', async () => {
  await open('1');
  const header = page.locator('.replay > header');
  const text = (await header.textContent())?.replace(/\s+/g, ' ') ?? '';
  for (const part of [
    'shop',
    '1 error',
    '4 turns',
    '9 calls priced, 0 unpriced',
    'support',
    'researcher',
    'kim@example.org',
  ])
    expect(text).toContain(part);
  expect(await header.getByRole('link', { name: '4 traces' }).getAttribute('href')).toContain('/traces?session=shop');
  expect(await header.getByRole('link', { name: '$0.00993' }).getAttribute('href')).toContain('/costs?session=shop');
  await header.getByRole('link', { name: '4 traces' }).click();
  await waitForIdle(page);
  await expect.poll(() => page.locator('[data-trace]').count()).toBe(4);
});

test('turns stand beside the conversation with their time, gap, cost and errors', async () => {
  await open('1');
  const turns = page.getByRole('navigation', { name: 'Turns' }).getByRole('link');
  expect(await turns.count()).toBe(4);
  const third = (await turns.nth(2).textContent())?.replace(/\s+/g, ' ') ?? '';
  for (const part of ['+1.1 min', '$0.00347', 'And has the refund been booked']) expect(third).toContain(part);
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await expect.poll(() => new URL(page.url()).searchParams.get('step')).toBe('3');
  expect(await turns.nth(2).getAttribute('aria-current')).toBe('true');
  await page.getByRole('region', { name: 'Turn 3' }).getByText('And has the refund been booked by now?').waitFor();
});

test('a tool call and its result are one card, with what failed in words', async () => {
  await open(`1.${shopSteps.lookup}`);
  const lookup = stepOf(shopSteps.lookup);
  await lookup.getByText('call_1').waitFor();
  expect((await lookup.textContent())?.replace(/\s+/g, '')).toContain('state:"returned"');
  expect(await page.getByText('asked for lookup_order').count()).toBe(1);
  await open(`3.${shopSteps.failedTool}`);
  await stepOf(shopSteps.failedTool).getByText('TimeoutError: no answer within 700 ms').waitFor();
  await stepOf(shopSteps.failedTool).getByText('timeout after 700 ms').waitFor();
});

test('answers are rendered markdown, thinking is folded', async () => {
  await open(`2.${shopSteps.shedAnswer}`);
  await stepOf(shopSteps.shedAnswer).getByRole('table').waitFor();
  await open('1');
  const thinking = page.getByRole('region', { name: 'Turn 1' }).getByRole('button', { name: /^Thinking/ });
  expect(await thinking.getAttribute('aria-expanded')).toBe('false');
});

test('a sub-agent is indented below its tool, and folds away', async () => {
  await open('2');
  const [outer, inner] = [stepOf('b200000000000003'), stepOf(shopSteps.subAnswer)];
  const left = async (step: Locator) => (await step.boundingBox())?.x ?? 0;
  expect(await left(inner)).toBeGreaterThan((await left(outer)) + 16);
  await outer.getByRole('button', { name: 'Hide what research did' }).click();
  await inner.waitFor({ state: 'detached' });
  await outer.getByRole('button', { name: 'Show what research did' }).click();
  await inner.waitFor();
});

test('an edited prompt shows the words that changed; what is unchanged is folded', async () => {
  await open(`3.${shopSteps.editedPrompt}`);
  await context().getByText('2 added, 1 changed, 10 unchanged since').waitFor();
  expect(await linesOf()).toEqual([
    'changed: system prompt',
    '= unchanged: 3 tool definitions, 7 messages 813',
    'added: assistant',
    'added: user',
  ]);
  expect(await context().locator('del').textContent()).toBe('brief');
  expect(await context().locator('ins').textContent()).toBe('exact; say which order you speak of');
  await context().getByText('the answer of the call before').waitFor();
  await context()
    .getByRole('button', { name: /^= unchanged|unchanged: 3 tool/ })
    .click();
  expect((await linesOf()).filter((line) => line.startsWith('unchanged: ')).length).toBe(10);
  await context().getByRole('link', { name: 'the call before in turn 2' }).click();
  await expect.poll(() => new URL(page.url()).searchParams.get('step')).toBe(`2.${shopSteps.shedAnswer}`);
});

test('a compacted history shows what was dropped', async () => {
  await open(`4.${shopSteps.compacted}`);
  await context().getByText('3 added, 11 removed, 4 unchanged since').waitFor();
  const removed = (await linesOf()).filter((line) => line.startsWith('removed'));
  expect(removed).toHaveLength(11);
});

test('the bar says what fills the context, by characters, beside the tokens that the provider counted', async () => {
  await open(`1.${shopSteps.toldRefund}`);
  await context().getByText('534 tok in').waitFor();
  await context().getByText('384 from cache').waitFor();
  await context().getByText('by share of').waitFor();
  const parts = await context().getByRole('region', { name: 'Context' }).getByRole('listitem').allTextContents();
  expect(parts.map((part) => part.trim().split(/[<\d]/)[0]?.trim())).toEqual([
    'System',
    'Tool definitions',
    'History',
    'Tool output',
    'New user message',
  ]);
  expect(parts[3]).toContain('Tool output: 95 characters in 1 result, ');
});

test('a sub-agent is compared with its own call before, not with the agent around it', async () => {
  await open(`2.${shopSteps.subAnswer}`);
  await context().getByText('call 2 of 2 of researcher').waitFor();
  await context().getByText('2 added, 2 unchanged since').waitFor();
});

test('a step leads to its span in the trace viewer', async () => {
  await open(`1.${shopSteps.toldRefund}`);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/traces\/[0-9a-f]{32}\?span=b100000000000004/);
});

test('a turn that is spoken while the replay is open comes in by itself', async () => {
  const spans = makeShopSession({ sessionId: 'grows', startMs: Date.now() - 10_800_000 });
  const lastTrace = spans.at(-1)?.traceId;
  await postSpans(
    system.otlp,
    spans.filter(({ traceId }) => traceId !== lastTrace),
  );
  await waitForSession(system.url, 'grows', 3);
  await page.goto(`${system.url}/sessions/grows`);
  await waitForIdle(page);
  await page.getByText('3 turns').first().waitFor();
  await postSpans(
    system.otlp,
    spans.filter(({ traceId }) => traceId === lastTrace),
  );
  const turns = page.getByRole('navigation', { name: 'Turns' }).getByRole('link');
  await turns.getByText('Then reserve the Elm 4').waitFor();
  expect(await turns.count()).toBe(4);
});

test('a session that is not there says so', async () => {
  await page.goto(`${system.url}/sessions/nobody`);
  await page.getByText('There is no such session.').waitFor();
});
