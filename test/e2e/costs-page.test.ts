import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { type CostCall, sendCostCalls, waitForBooked } from '../support/cost-calls.ts';
import { startSystem, type System } from '../support/system.ts';

let system: System;
let browser: Browser;
let sent: { traceId: string; spanId: string }[];

// Dollars per million: gpt-5-mini 0.25 in, 0.025 from the cache, 2 out; claude-sonnet-4-5 3 in, 15 out.
const calls: CostCall[] = [
  // 1,000 × 0.25 + 100 × 2 = 450 millionths
  {
    ...{ agent: 'support', model: 'gpt-5-mini', provider: 'openai', user: 'ann', session: 'one' },
    tokens: { input: 1_000, output: 100 },
  },
  // 1,000 × 0.25 + 1,000 × 0.025 + 10 × 2 = 295 millionths
  {
    ...{ agent: 'support', model: 'gpt-5-mini', provider: 'openai', user: 'ben', session: 'two' },
    tokens: { input: 2_000, output: 10, cached: 1_000 },
  },
  // 1,000 × 3 + 100 × 15 = 4,500 millionths
  {
    ...{ agent: 'billing', model: 'claude-sonnet-4-5', provider: 'anthropic', session: 'one' },
    tokens: { input: 1_000, output: 100 },
  },
  { ...{ agent: 'billing', model: 'our-own-model', provider: 'vllm', user: 'ann' }, tokens: { input: 70, output: 7 } },
  { ...{ model: 'our-own-model', provider: 'vllm' }, tokens: { input: 70, output: 7 }, reportedCostUsd: 0.002 },
  { ...{ agent: 'research', model: 'gpt-5-mini', provider: 'openai' }, tokens: null },
  // Two days ago: the period before the last 24 hours has none of it, that of the last two days has.
  {
    ...{ agent: 'support', model: 'gpt-5-mini', provider: 'openai' },
    tokens: { input: 1_000, output: 0 },
    agoMs: 50 * 3_600_000,
  },
];
const total = '0.007245';

beforeAll(async () => {
  [system, browser] = await Promise.all([startSystem(), launchBrowser()]);
  sent = await sendCostCalls(system.otlp, calls);
  await waitForBooked(system.url, 6);
});

afterAll(async () => {
  await Promise.all([browser.close(), system.remove()]);
});

async function open(path: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(`${system.url}${path}`);
  await waitForIdle(page);
  return page;
}

/** Names and costs of the groups, in order. */
async function readGroups(page: Page): Promise<string[]> {
  await waitForIdle(page);
  return page.locator('[data-group]').evaluateAll((rows) =>
    rows.map((row) => {
      const names = [...row.querySelectorAll('.name')].map((cell) => cell.textContent.trim()).join(' · ');
      return `${names}: ${row.querySelector('.cost a')?.textContent.trim() ?? ''}`;
    }),
  );
}

describe('the sums', () => {
  test('are exact on hover, with their coverage and what is missing in words', async () => {
    const page = await open('/costs?live=off');
    const sums = page.getByRole('region', { name: 'Sums of the range' });
    expect(await sums.locator('.amount').textContent()).toContain('$0.00725');
    expect(await sums.locator('.amount').getAttribute('title')).toContain(`$${total}:`);
    for (const words of ['66.6 %', '1 call of unpriced models', '1 call whose usage cannot be priced']) {
      await sums.getByText(words).waitFor();
    }
    await sums.getByText('1 call at the emitter’s own price').waitFor();
    await sums.getByText(/booked exactly up to \d\d:\d\d:\d\d|nothing booked yet/).waitFor();
    await page.close();
  });

  test('by agent name those without one, and never show 0 for the unknown', async () => {
    const page = await open('/costs?live=off');
    expect(await readGroups(page)).toEqual([
      'billing: $0.0045',
      'no agent: $0.002',
      'support: $0.000745',
      'research: –',
    ]);
    const billing = page.locator('[data-group="billing"]');
    expect(await billing.textContent()).toContain('50.0 %');
    await page.close();
  });

  test('by two dimensions, chosen and ordered, are in the address and come back with it', async () => {
    const page = await open('/costs?live=off');
    await page.getByLabel('Then by').selectOption('model');
    await page.getByRole('button', { name: 'Calls' }).click();
    const rows = await readGroups(page);
    expect(rows[0]).toBe('support · gpt-5-mini: $0.000745');
    expect(new URL(page.url()).searchParams.get('by')).toBe('agent,model');
    const again = await open(page.url().slice(system.url.length));
    expect(await readGroups(again)).toEqual(rows);
    await again.getByText('Tokens', { exact: true }).last().click();
    await again.waitForURL(/metric=tokens/);
    await Promise.all([page.close(), again.close()]);
  });

  test('of a label that nothing has are one group of what has none', async () => {
    const page = await open('/costs?live=off');
    await page.getByLabel('Group by', { exact: true }).last().selectOption('label');
    await page.getByLabel('Key of the label').fill('team');
    await page.keyboard.press('Enter');
    await page.waitForURL(/by=label/);
    expect(await readGroups(page)).toEqual(['no label team: $0.00725']);
    await page.close();
  });

  test('compare with the period before, to the digit', async () => {
    const page = await open('/costs?live=off&range=36h');
    await page.getByLabel('Compare').check();
    await waitForIdle(page);
    const change = page.locator('[data-group="support"] .change [title]');
    // From 250 to 745 millionths.
    expect(await change.textContent()).toContain('+198 %');
    expect(await change.getAttribute('title')).toContain('from $0.00025 to $0.000745');
    expect(await page.locator('[data-group="billing"] td.change').textContent()).toContain('new');
    await page.close();
  });
});

test('a group leads to what it is made of, and the way back is on the page', async () => {
  const page = await open('/costs?live=off');
  await page.locator('[data-group="billing"]').click({ position: { x: 400, y: 10 } });
  await page.waitForURL(/agent=billing/);
  expect(await readGroups(page)).toEqual(['claude-sonnet-4-5: $0.0045', 'our-own-model: –']);
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  await page.keyboard.press('Enter');
  await page.waitForURL(/model=claude-sonnet-4-5/);
  expect(await readGroups(page)).toEqual(['no user: $0.0045']);
  await page.getByRole('button', { name: 'billing', exact: true }).click();
  expect(await readGroups(page)).toHaveLength(2);
  await page.getByRole('button', { name: 'All agents' }).click();
  expect(await readGroups(page)).toHaveLength(4);
  expect(new URL(page.url()).searchParams.get('agent')).toBe(null);
  await page.close();
});

test('filters are typed, are chips, and a mistake is named', async () => {
  const page = await open('/costs?live=off');
  const field = page.getByLabel('Add a filter');
  await page.keyboard.press('/');
  await field.fill('agnt:support');
  await field.press('Enter');
  await page.getByText('There is no filter “agnt”. Filters are agent, model').waitFor();
  await field.fill('no:agent');
  await field.press('Enter');
  expect(await readGroups(page)).toEqual(['no agent: $0.002']);
  await page.getByRole('button', { name: 'Remove filter no agent' }).click();
  expect(await readGroups(page)).toHaveLength(4);
  await page.close();
});

test('the file holds exactly what is on the screen', async () => {
  const page = await open('/costs?live=off&by=agent,model');
  const rows = await readGroups(page);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'CSV' }).click(),
  ]);
  const [head = '', ...lines] = readFileSync(await download.path(), 'utf8')
    .trim()
    .split(/\r?\n/);
  expect(lines).toHaveLength(rows.length);
  expect(head).toContain('agent');
  expect(head).toContain('model');
  expect(lines.find((line) => line.includes('claude-sonnet-4-5'))).toMatch(/0\.0045/);
  await page.close();
});

describe('the ledger rows', () => {
  test('add up to the sum exactly, each with its calculation and its span', async () => {
    const page = await open('/costs?live=off');
    await page.locator('[data-group="support"] .cost a').click();
    await page.waitForURL(/\/costs\/ledger\?.*agent=support/);
    await waitForIdle(page);
    expect(await page.locator('[data-proof]').textContent()).toContain('2 rows: $0.000745, exactly the sum');
    const row = page.locator(`[data-entry="${sent[1]?.spanId ?? ''}"]`);
    await row.getByText('1,000 × $0.25/M + 1,000 × $0.025/M + 10 × $2/M').waitFor();
    await row.locator('button').click();
    const table = page.getByRole('table', { name: 'Tokens times unit prices' });
    expect(await table.getByRole('row').allTextContents()).toHaveLength(5);
    await table.getByText('$0.000295').waitFor();
    await page.getByText('gpt-5-mini of openai, from the price table').waitFor();
    await row.getByRole('link', { name: 'The span in its trace' }).click();
    await page.waitForURL(new RegExp(`/traces/${sent[1]?.traceId ?? ''}.*span=${sent[1]?.spanId ?? ''}`));
    await page.close();
  });

  test('of what has no price say why', async () => {
    const page = await open('/costs?live=off');
    await page.getByRole('link', { name: '1 call of unpriced models' }).click();
    await page.waitForURL(/booking=unpriced_model/);
    await waitForIdle(page);
    expect(await page.locator('[data-entry]').count()).toBe(1);
    await page.locator('[data-entry]').getByText('Nobody has a price for this model.').waitFor();
    await page.getByLabel('Booked as').selectOption('reported');
    await page
      .locator(`[data-entry="${sent[4]?.spanId ?? ''}"]`)
      .getByText('$0.002')
      .waitFor();
    await page.close();
  });

  test('show what was left out, and why', async () => {
    const page = await open('/costs/ledger');
    await page.getByText('Left out').click();
    await page.waitForURL(/counted=false/);
    await waitForIdle(page);
    const out = await page.locator('[data-entry]').count();
    await page.getByText('Both').click();
    await waitForIdle(page);
    expect(await page.locator('[data-entry]').count()).toBe(out + 6);
    await page.close();
  });

  test('come in pages', async () => {
    const many = Array.from({ length: 130 }, (_, index): CostCall => ({
      ...{ agent: 'many', model: 'gpt-5-mini', provider: 'openai', tokens: { input: 1, output: 1 } },
      agoMs: 60_000 + index * 1_000,
    }));
    await sendCostCalls(system.otlp, many, 'many');
    await waitForBooked(system.url, 130, 'many');
    const page = await open('/costs/ledger?project=many');
    expect(await page.locator('[data-entry]').count()).toBe(100);
    expect(await page.locator('[data-proof]').getAttribute('data-proof')).toBe('part');
    await page.getByRole('button', { name: 'Show more' }).click();
    await page.locator('[data-proof="all"]').waitFor();
    // 130 × (0.25 + 2) millionths
    expect(await page.locator('[data-proof]').getAttribute('title')).toContain('$0.0002925: all rows are here');
    await page.close();
  });
});

test('sums lead to the sessions of the same filters, and the rail and the palette lead here', async () => {
  const page = await open('/traces?agent=support&q=words');
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Costs' }).click();
  await page.waitForURL(`${system.url}/costs?agent=support`);
  await waitForIdle(page);
  const link = page.getByRole('region', { name: 'Sums of the range' }).getByRole('link', { name: 'Sessions' });
  expect(await link.getAttribute('href')).toBe('/sessions?agent=support');
  await page.keyboard.press('Control+k');
  await page.getByPlaceholder(/^Go to an id/).fill('costs by model');
  await page.keyboard.press('Enter');
  await page.waitForURL(/by=model/);
  expect(await readGroups(page)).toEqual(['gpt-5-mini: $0.000745']);
  await page.keyboard.press('?');
  await page.getByText('Compare with the period before').waitFor();
  await page.close();
});

test('what is wrong in an address is named; nothing to show says so, with one thing to do', async () => {
  const page = await open('/costs?live=off&interval=week&agent=nobody');
  await page.getByText('“interval=week” in the address is not known. Allowed: auto, hour, day, month.').waitFor();
  await page.getByText('No model call matches in the last 24 hours.').waitFor();
  await page.getByRole('button', { name: 'Clear filters' }).last().click();
  expect(await readGroups(page)).toHaveLength(4);
  const none = await open('/costs?project=none');
  await none.getByText('No model calls in the last 24 hours.').waitFor();
  await none.getByRole('link', { name: 'See how to send a first trace' }).waitFor();
  await Promise.all([page.close(), none.close()]);
});
