import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAccessible } from '../support/accessible.ts';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { makeKey } from '../support/make-key.ts';
import { startSystem, type System } from '../support/system.ts';

let system: System;
let browser: Browser;
let ada: { keyId: string; secret: string };

beforeAll(async () => {
  const environment = { SIGHTGLASS_AUTH: 'on' };
  [system, browser] = await Promise.all([startSystem({ environment }), launchBrowser()]);
  ada = await makeKey(system, { name: 'Ada', project: 'shop', scopes: 'read,run,admin' });
});
afterAll(async () => {
  await Promise.all([browser.close(), system.remove()]);
});

async function open(path: string, options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  const viewport = { width: 1_440, height: 900 };
  const context = await browser.newContext({ viewport, reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  await page.goto(system.url + path);
  await waitForIdle(page);
  return page;
}

async function signIn(page: Page, secret: string): Promise<void> {
  await page.getByLabel('Key', { exact: true }).fill(secret);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
  await waitForIdle(page);
}

/** What any script of the page could read. */
const readable = (page: Page) =>
  page.evaluate(() => JSON.stringify([localStorage, sessionStorage, document.cookie, location.href]));

test('any page asks for a key first, and then is where one wanted to go', async () => {
  const page = await open('/costs?by=model&range=7d');
  await page.getByText('/costs?by=model&range=7d').waitFor();
  await signIn(page, ada.secret);
  const url = new URL(page.url());
  expect([url.pathname, url.searchParams.get('by'), url.searchParams.get('range')]).toEqual(['/costs', 'model', '7d']);
  // The key decides the project.
  expect(url.searchParams.get('project')).toBe('shop');
  expect(await readable(page)).not.toContain(ada.secret);
  await page.reload();
  await waitForIdle(page);
  await page.getByRole('heading', { name: 'Costs' }).first().waitFor();
  await page.context().close();
});

test('a key that does not open says why, and stays in its field', async () => {
  const page = await open('/traces');
  const field = page.getByLabel('Key', { exact: true });
  const answers: [string, string][] = [
    ['', 'Paste a key first.'],
    ['two words', 'A key has no spaces'],
    ['sg-0123456789ab-nothing', 'This is no valid key.'],
  ];
  for (const [typed, answer] of answers) {
    await field.fill(typed);
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: answer }).waitFor();
    expect(await field.inputValue()).toBe(typed);
  }
  const sender = await makeKey(system, { name: 'sender', project: 'shop', scopes: 'ingest' });
  await field.fill(sender.secret);
  await page.keyboard.press('Enter');
  await page.getByRole('alert').filter({ hasText: 'To sign in a key needs scope read.' }).waitFor();
  expect(await field.getAttribute('type')).toBe('password');
  await page.getByRole('button', { name: 'Show the key' }).click();
  expect(await field.getAttribute('type')).toBe('text');
  expect(await readable(page)).not.toContain(sender.secret);
  await page.context().close();
});

test('the rail names the key and signs out', async () => {
  const page = await open('/traces');
  await signIn(page, ada.secret);
  await page.getByRole('button', { name: 'Signed in as Ada, project shop' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.context().close();
});

test('a key that is revoked in the middle of work leads back to the login, and from there to the same page', async () => {
  const guest = await makeKey(system, { name: 'Guest', project: 'shop', scopes: 'read' });
  const page = await open('/agents?range=7d');
  await signIn(page, guest.secret);
  const address = page.url();
  await revoke(guest.keyId);
  await page.getByText('The session of Guest has ended').waitFor();
  expect(page.url()).toBe(address);
  await signIn(page, ada.secret);
  expect(page.url()).toBe(address);
  await page.getByRole('heading', { name: 'Agents' }).waitFor();
  await page.context().close();
});

test('what a key lacks is said where it is missing', async () => {
  const reader = await makeKey(system, { name: 'Reader', project: 'shop', scopes: 'read' });
  const page = await open('/settings');
  await signIn(page, reader.secret);
  await page.getByText('The key Reader lacks the scope admin.').waitFor();
  await page.goto(`${system.url}/agents/support`);
  await waitForIdle(page);
  const box = page.getByRole('textbox', { name: 'Message to support' });
  await box.fill('Hello');
  expect(await page.getByRole('button', { name: 'Send' }).isDisabled()).toBe(true);
  await page.getByText('needs the scope run').waitFor();
  await page.context().close();
});

test.each([
  { width: 1_440, height: 900 },
  { width: 390, height: 844 },
])('the login has no axe finding and fits at $width px', async (viewport) => {
  const page = await open('/traces/0123?span=1', { viewport });
  await page.keyboard.press('Enter');
  await page.getByRole('alert').waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
  await expectAccessible(page);
  await page.context().close();
});

/** As who else holds the key may. */
async function revoke(keyId: string): Promise<void> {
  const context: BrowserContext = await browser.newContext();
  const headers = { authorization: `Bearer ${ada.secret}` };
  const answer = await context.request.delete(`${system.url}/api/keys/${keyId}`, { headers });
  expect(answer.status()).toBe(200);
  await context.close();
}
