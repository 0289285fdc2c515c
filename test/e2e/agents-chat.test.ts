import type { Browser, Page, Request } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { type AgentSystem, startSampleAgents } from '../support/sample-agents.ts';

let system: AgentSystem;
let browser: Browser;

beforeAll(async () => {
  [system, browser] = await Promise.all([startSampleAgents(), launchBrowser()]);
});
afterAll(async () => {
  await Promise.all([browser.close(), system.remove()]);
});

async function open(path: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1_440, height: 900 }, reducedMotion: 'reduce' });
  await page.goto(system.url + path);
  await waitForIdle(page);
  return page;
}

async function say(page: Page, text: string): Promise<void> {
  const box = page.getByRole('textbox', { name: /^Message to/ });
  await box.fill(text);
  await box.press('Enter');
}

const chatId = (page: Page) => new URL(page.url()).searchParams.get('chat');
const turns = (page: Page) => page.getByRole('region', { name: /^Conversation with/ }).getByRole('article');

test('an agent answers, shows what it did, and leads to its trace and to the replay', async () => {
  const page = await open('/agents/support');
  await page.keyboard.press('c');
  await page.keyboard.type('Where is my order?');
  await page.keyboard.press('Enter');
  await waitForIdle(page);
  const answer = turns(page).last();
  await answer.getByText('Order 1042 is shipped.').waitFor();
  expect(await answer.locator('strong').first().textContent()).toBe('1042');
  const did = answer.getByRole('list', { name: 'What it did' });
  expect(await did.textContent()).toContain('find_order');
  await did.getByLabel('done').waitFor();
  await answer.getByText('2 steps').waitFor();
  await answer.getByText('1 tool call').waitFor();
  await answer.getByText(/^\$0\.0/).waitFor();

  await say(page, 'Hi again');
  await answer.getByText('Hello! What can I do for you?').waitFor();
  expect(await turns(page).count()).toBe(2);
  const replay = await page.getByRole('link', { name: 'Replay' }).getAttribute('href');
  expect(replay).toBe(`/sessions/${chatId(page) ?? ''}`);

  await turns(page).first().getByRole('link', { name: 'Trace' }).click();
  await page.waitForURL(/\/traces\/[0-9a-f]{32}$/);
  await expect
    .poll(
      async () => {
        await page.reload();
        await waitForIdle(page);
        return page.getByText('find_order').count();
      },
      { timeout: 20_000 },
    )
    .toBeGreaterThan(0);
  await page.close();
});

test('what it did and what it cost is counted by agent and revision', async () => {
  const page = await open('/agents/support?view=revisions');
  const row = page.getByRole('table', { name: 'Revisions' }).getByRole('row').nth(1);
  await row.getByText('deployed').waitFor();
  await expect
    .poll(
      async () => {
        await page.keyboard.press('r');
        await waitForIdle(page);
        return (await row.textContent()) ?? '';
      },
      { timeout: 20_000 },
    )
    .toMatch(/[1-9].*%.*s.*\$0\.0/);
  await row.getByRole('link').click();
  await page.waitForURL(/\/costs\/ledger\?agent=support&revision=support%40[0-9a-f]{12}$/);
  await waitForIdle(page);
  expect(await page.locator('tbody tr').count()).toBeGreaterThan(0);
  await page.close();
});

test('a conversation goes on after a reload', async () => {
  const page = await open('/agents/support');
  await say(page, 'Hello');
  await turns(page).last().getByText('1 step').waitFor();
  const id = chatId(page);
  expect(id).toMatch(/^ses_/);
  await page.reload();
  await waitForIdle(page);
  expect(await turns(page).count()).toBe(1);
  await turns(page).first().getByText('Hello! What can I do for you?').waitFor();
  await say(page, 'Where is my order?');
  await turns(page).last().getByText('Order 1042 is shipped.').waitFor();
  expect(chatId(page)).toBe(id);
  await page.getByRole('button', { name: 'New', exact: true }).click();
  await page.getByText('Say something to support.').waitFor();
  expect(chatId(page)).toBeNull();
  await page.goto(`${system.url}/agents/support?chat=ses_none`);
  await page.getByText('The conversation could not be loaded.').waitFor();
  await page.getByRole('button', { name: 'Begin a new one' }).click();
  await page.getByText('Say something to support.').waitFor();
  await page.close();
});

test('a tool that fails says how', async () => {
  const page = await open('/agents/support');
  await say(page, 'Please cancel it');
  const answer = turns(page).last();
  await answer.getByText('That did not work.').waitFor();
  expect(await answer.getByRole('list', { name: 'What it did' }).textContent()).toMatch(/cancel_order.*refused/s);
  await page.close();
});

test('an answer is stopped, also after a reload in the middle of it', async () => {
  const page = await open('/agents/slow');
  await say(page, 'Tell me a story');
  await page.getByRole('button', { name: 'Stop' }).waitFor();
  const first = turns(page).first();
  await expect.poll(async () => ((await first.textContent()) ?? '').length).toBeGreaterThan(100);
  await page.getByRole('button', { name: 'Stop' }).click();
  await first.getByText('Stopped').waitFor();
  await first.getByText('The turn was cancelled.').waitFor();
  expect(await first.getByText('[The turn was cancelled.]').count()).toBe(0);
  await first.getByRole('button', { name: 'Ask again' }).waitFor();

  await say(page, 'Another one');
  await page.getByRole('button', { name: 'Stop' }).waitFor();
  await expect.poll(() => turns(page).count()).toBe(2);
  await page.reload();
  const second = turns(page).nth(1);
  await second.getByText('Working').waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  await second.getByText('Stopped').waitFor();
  await page.getByRole('button', { name: 'Send' }).waitFor();
  await page.close();
});

test('a turn that fails says why, and can be asked again', async () => {
  const page = await open('/agents/broken');
  await say(page, 'Hello');
  const answer = turns(page).last();
  await answer.getByText('Failed', { exact: true }).waitFor();
  expect(await answer.textContent()).toContain('model_failed');
  await answer.getByRole('button', { name: 'Ask again' }).click();
  await expect.poll(() => turns(page).count()).toBe(2);
  await turns(page).last().getByText('Failed', { exact: true }).waitFor();
  await page.reload();
  await waitForIdle(page);
  expect(await turns(page).getByText('Failed', { exact: true }).count()).toBe(2);
  await page.close();
});

test('a request that broke is sent again as the same turn', async () => {
  const page = await open('/agents/support');
  const keys: (string | undefined)[] = [];
  page.on('request', (request: Request) => {
    if (request.url().endsWith('/chat')) keys.push(request.headers()['idempotency-key']);
  });
  await page.route('**/api/agents/support/chat', (route) => route.abort(), { times: 1 });
  await say(page, 'Hello');
  const answer = turns(page).last();
  await answer.getByText('No answer came through.').waitFor();
  await answer.getByRole('button', { name: 'Try again' }).click();
  await answer.getByText('Hello! What can I do for you?').waitFor();
  expect(await turns(page).count()).toBe(1);
  expect(keys).toHaveLength(2);
  expect(keys[0]).toBe(keys[1]);
  await page.close();
});

test('variables that an agent needs are asked for', async () => {
  const page = await open('/agents/clerk');
  const sent: string[] = [];
  page.on('request', (request: Request) => {
    if (request.url().endsWith('/chat')) sent.push(request.postData() ?? '');
  });
  await say(page, 'Hello');
  await page.getByText('It is required: a turn without it is refused.').waitFor();
  expect(await page.getByRole('textbox', { name: /^Message to/ }).inputValue()).toBe('Hello');
  await page.getByLabel('who').fill('Ann');
  await page.getByLabel('minutes').fill('soon');
  await page.getByText('“soon” is no number.').waitFor();
  await page.getByLabel('minutes').fill('7');
  await page.getByRole('button', { name: 'Send' }).click();
  await turns(page).last().getByText('Good day.').waitFor();
  expect(sent).toHaveLength(1);
  expect(JSON.parse(sent[0] ?? '')).toMatchObject({ metadata: { who: 'Ann', minutes: '7' }, stream: true });
  await page.close();
});

test('what is deployed anew is for new conversations; one that has begun stays on its revision', async () => {
  const page = await open('/agents/slow?view=revisions');
  await say(page, 'Hello');
  await page.getByRole('button', { name: 'Stop' }).click();
  await turns(page).last().getByText('Stopped').waitFor();
  const rows = page.getByRole('table', { name: 'Revisions' }).locator('tbody tr');
  const first = (await rows.first().getAttribute('data-revision')) ?? '';
  await system.deploy('slow', { description: 'Tells stories, long ones.' });
  await page.reload();
  await waitForIdle(page);
  await page.getByText('Tells stories, long ones.').waitFor();
  expect(await rows.count()).toBe(2);
  expect(await rows.first().getAttribute('data-revision')).not.toBe(first);
  await rows.first().getByText('deployed').waitFor();
  expect(await rows.nth(1).getByText('deployed').count()).toBe(0);
  await page.getByText(`instead of ${first.slice('slow@'.length)}`).waitFor();
  await page
    .getByTitle(/^A conversation stays on the revision/)
    .getByText(first.slice('slow@'.length))
    .waitFor();
  await page.getByRole('button', { name: 'New', exact: true }).click();
  expect(await page.getByTitle(/^A conversation stays on the revision/).count()).toBe(0);
  await page.close();
});
