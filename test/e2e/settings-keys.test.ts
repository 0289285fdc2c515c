import { randomUUID } from 'node:crypto';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAccessible } from '../support/accessible.ts';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { makeKey } from '../support/make-key.ts';
import { startSystem, type System } from '../support/system.ts';

let system: System;
let browser: Browser;
let admin: { keyId: string; secret: string };

const narrow = { width: 390, height: 844 };

beforeAll(async () => {
  const environment = { SIGHTGLASS_AUTH: 'on' };
  [system, browser] = await Promise.all([startSystem({ environment }), launchBrowser()]);
  admin = await makeKey(system, { name: 'Ada', project: 'shop', scopes: 'read,run,admin' });
});
afterAll(async () => {
  await Promise.all([browser.close(), system.remove()]);
});

async function open(path: string, viewport = { width: 1_440, height: 900 }): Promise<Page> {
  const context = await browser.newContext({ viewport, reducedMotion: 'reduce' });
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: system.url });
  const page = await context.newPage();
  await page.goto(system.url + path);
  await waitForIdle(page);
  await page.getByLabel('Key', { exact: true }).fill(admin.secret);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
  await waitForIdle(page);
  return page;
}

const send = (secret: string) =>
  fetch(`${system.otlp}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
    body: '{"resourceSpans":[]}',
  });

test('a key is made, shown once, opens the collector, and opens nothing once it is revoked', async () => {
  const page = await open('/settings');
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Checkout service');
  await dialog.getByRole('radio', { name: '90 d' }).check({ force: true });
  await dialog.getByLabel('Spans a day').fill('1,000,000');
  await page.keyboard.press('Control+Enter');
  await dialog.getByText('This is shown once.').waitFor();
  const secret = ((await dialog.locator('.secret pre').textContent()) ?? '').trim();
  expect(secret).toMatch(/^sg-[0-9a-f]{12}-/);
  expect(await dialog.getByRole('tabpanel').textContent()).toContain(`authorization=Bearer%20${secret}`);

  // A stray Escape does not lose it.
  await page.keyboard.press('Escape');
  await dialog.getByText('The key was not copied').waitFor();
  await dialog.getByText('This is shown once.').waitFor();
  await dialog.getByRole('button', { name: 'Copy key' }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  expect(await page.content()).not.toContain(secret);
  expect((await send(secret)).status).toBe(200);

  const row = page.getByRole('row').filter({ hasText: 'Checkout service' });
  expect((await row.textContent())?.replaceAll(/\s+/g, ' ')).toMatch(/shop.*ingest.*0 of 1.00 M today.*active/);
  await row.getByRole('button', { name: 'Revoke Checkout service' }).click();
  await dialog.getByText('Exporters that send with it get 401').waitFor();
  await dialog.getByRole('button', { name: 'Revoke it' }).click();
  await page.getByText('The key Checkout service is revoked.').waitFor();
  await expect.poll(async () => (await send(secret)).status).toBe(401);
  expect(await row.count()).toBe(0);
  await page.getByRole('button', { name: '1 revoked key' }).click();
  expect(await page.getByRole('table', { name: 'Revoked keys' }).textContent()).toContain('Checkout service');
  await page.context().close();
});

test('what is wrong in the form is said at its field, and nothing typed is lost', async () => {
  const page = await open('/settings');
  await page.getByRole('button', { name: 'New key' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Spans a second').fill('many');
  await dialog.getByRole('checkbox', { name: /^read/ }).check();
  await dialog.getByRole('button', { name: 'Create key' }).click();
  await dialog.getByText('A name tells later what the key is for.').waitFor();
  await dialog.getByText('A whole number from 1 to 10,000,000, or nothing.').waitFor();
  expect(await dialog.getByLabel('Spans a second').inputValue()).toBe('many');
  // A key makes keys of its own project.
  expect(await dialog.getByLabel('Project').getAttribute('readonly')).not.toBeNull();

  await dialog.getByLabel('Spans a second').fill('');
  await dialog.getByLabel('Name').fill('Reader');
  const headers = { 'x-request-id': 'request-8' };
  const body = JSON.stringify({ error: { code: 'too_many_keys', message: 'project shop has 500 keys in force' } });
  await page.route('**/api/keys', (route) => route.fulfill({ status: 409, headers, body }), { times: 1 });
  await dialog.getByRole('button', { name: 'Create key' }).click();
  await dialog.getByText('No key was made: project shop has 500 keys in force').waitFor();
  expect(await dialog.getByLabel('Name').inputValue()).toBe('Reader');
  await page.context().close();
});

test('a list that fails says so under its request id, and is asked for again', async () => {
  const page = await open('/settings?view=about');
  const headers = { 'x-request-id': 'request-9' };
  await page.route('**/api/keys', (route) => route.fulfill({ status: 502, headers, body: 'x' }), { times: 1 });
  await page.getByRole('tab', { name: 'Keys' }).click();
  await page.getByText('The keys could not be loaded.').waitFor();
  await page.getByText('request-9').first().waitFor();
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.locator(`[data-key="${admin.keyId}"]`).waitFor();
  await page.context().close();
});

test('on a narrow screen one signs out under About', async () => {
  const page = await open('/settings?view=about', narrow);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.context().close();
});

test.each(['wide', 'narrow'])(
  'the keys, the form, the secret and the question have no axe finding (%s)',
  async (width) => {
    const page = await open('/settings', width === 'narrow' ? narrow : undefined);
    const name = `Service ${randomUUID()}`;
    const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    await expectAccessible(page);
    expect(await overflow()).toBe(0);
    await page.getByRole('button', { name: 'New key' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Create key' }).click();
    await expectAccessible(page);
    await dialog.getByLabel('Name').fill(name);
    await dialog.getByRole('button', { name: 'Create key' }).click();
    await dialog.getByText('This is shown once.').waitFor();
    await expectAccessible(page);
    expect(await overflow()).toBe(0);
    await dialog.getByRole('button', { name: 'Copy key' }).click();
    await dialog.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('button', { name: `Revoke ${name}` }).click();
    await expectAccessible(page);
    await page.context().close();
  },
);
