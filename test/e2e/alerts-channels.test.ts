import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { startSystem, type System } from '../support/system.ts';

let system: System;
let browser: Browser;
let receiver: Server;
let address: string;
/** Paths that were posted to. */
const received: string[] = [];

beforeAll(async () => {
  receiver = createServer((request, response) => {
    received.push(request.url ?? '');
    request.resume().on('end', () => {
      const isGood = request.url === '/good';
      response.writeHead(isGood ? 200 : 410).end(isGood ? 'ok' : 'channel_is_archived');
    });
  });
  await new Promise<void>((listening) => receiver.listen(0, '127.0.0.1', listening));
  address = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  const environment = { SIGHTGLASS_PRIVATE_TARGETS: 'on' };
  [system, browser] = await Promise.all([startSystem({ environment }), launchBrowser()]);
});
afterAll(async () => {
  receiver.close();
  await Promise.all([browser.close(), system.remove()]);
});

async function open(path: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1_440, height: 900 }, reducedMotion: 'reduce' });
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: system.url });
  const page = await context.newPage();
  await page.goto(system.url + path);
  await waitForIdle(page);
  return page;
}

test('a webhook is made, its secret shown once, and a test tells in words what came of it', async () => {
  const page = await open('/alerts/channels');
  await page.getByText('Alerts are told to nobody yet.').waitFor();
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('radio', { name: 'Webhook' }).check({ force: true });
  await dialog.getByLabel('Address').fill('pager');
  await dialog.getByRole('button', { name: 'Make channel' }).click();
  await dialog.getByText('A name, such as #on-call or the pager.').waitFor();
  await dialog.getByText('An address that begins with https:// or http://.').waitFor();
  expect(await dialog.getByLabel('Address').inputValue()).toBe('pager');
  await dialog.getByLabel('Name').fill('Pager');
  await dialog.getByLabel('Address').fill(`${address}/good`);
  await page.keyboard.press('Control+Enter');
  await dialog.getByText('This is shown once.').waitFor();
  const secret = ((await dialog.locator('.secret pre').textContent()) ?? '').trim();
  expect(secret).toMatch(/^whsec_/);

  // A stray Escape does not lose it.
  await page.keyboard.press('Escape');
  await dialog.getByText('The secret was not copied').waitFor();
  await dialog.getByRole('button', { name: 'Copy secret' }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  expect(await page.content()).not.toContain(secret);

  await page.getByRole('button', { name: 'Test Pager' }).click();
  await page.getByText(/The test message was taken after \d+ ms\./).waitFor();
  expect(received).toEqual(['/good']);
  const row = page.getByRole('row').filter({ hasText: 'Pager' });
  expect(await row.textContent()).not.toContain('/good');

  await row.getByRole('link', { name: 'Deliveries' }).click();
  await page.waitForURL(/\/alerts\/deliveries\?channel=[0-9a-f]{16}$/);
  await page.locator('[data-delivery-state=delivered]').getByText('Test message').waitFor();
  await page.context().close();
});

test('a channel that refuses says why; it is changed without its address, and removed', async () => {
  const page = await open('/alerts/channels');
  await page.getByRole('button', { name: 'New channel' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Archived');
  await dialog.getByLabel('Address').fill(`${address}/gone`);
  await dialog.getByRole('button', { name: 'Make channel' }).click();
  await page.getByText('The channel Archived is made.').waitFor();
  await page.getByRole('button', { name: 'Test Archived' }).click();
  await page.getByText(/The test message was not taken: status 410: channel_is_archived/).waitFor();

  await page.getByRole('button', { name: 'Edit Archived' }).click();
  expect(await dialog.getByLabel('Address').inputValue()).toBe('');
  await dialog.getByLabel('Name').fill('Archive');
  await dialog.getByRole('button', { name: 'Save channel' }).click();
  await page.getByText('The channel Archive is changed.').waitFor();

  await page.goto(`${system.url}/alerts/deliveries`);
  const row = page.locator('[data-delivery]').filter({ hasText: 'Archive' });
  await row.getByText('Status 410').waitFor();
  // Instead of a test another one is sent.
  expect(await row.getByRole('button', { name: /again/ }).count()).toBe(0);
  await row.getByRole('button').click();
  await page.getByText('channel_is_archived').last().waitFor();

  await page.getByRole('tab', { name: 'Channels' }).click();
  await page.getByRole('button', { name: 'Remove Archive' }).click();
  await dialog.getByRole('button', { name: 'Remove it' }).click();
  await page.getByText('The channel Archive is removed.').waitFor();
  await page.context().close();
});
