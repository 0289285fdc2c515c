import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAccessible } from '../support/accessible.ts';
import { launchBrowser, waitForIdle } from '../support/browser.ts';
import { sendTraces } from '../support/simple-traces.ts';
import { startSystem, type System } from '../support/system.ts';

let system: System;
let browser: Browser;

const wide = { width: 1_440, height: 900 };
const narrow = { width: 390, height: 844 };

beforeAll(async () => {
  [system, browser] = await Promise.all([startSystem(), launchBrowser()]);
  await sendTraces(system.otlp, [{}]);
});
afterAll(async () => {
  await Promise.all([browser.close(), system.remove()]);
});

async function open(path: string, viewport = wide): Promise<Page> {
  const context = await browser.newContext({ viewport, reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.goto(system.url + path);
  await waitForIdle(page);
  return page;
}

test('nobody is asked for a key, and the settings say so; keys can be prepared for any project', async () => {
  const page = await open('/traces?agent=support');
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Settings' }).click();
  await page.getByText('Local mode: no key is asked for.').waitFor();
  expect(await page.getByText('SIGHTGLASS_AUTH=on npm start').count()).toBe(1);
  await page.getByText('There is no key yet.').waitFor();
  for (const project of ['shop', 'default']) {
    await page.getByRole('button', { name: 'New key' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill(`Key of ${project}`);
    await dialog.getByLabel('Project').fill(project);
    await dialog.getByRole('checkbox', { name: /^run/ }).check();
    await dialog.getByRole('button', { name: 'Create key' }).click();
    await dialog.getByRole('tab', { name: 'openai' }).click();
    expect(await dialog.getByRole('tabpanel').textContent()).toContain("apiKey: 'sg-");
    await dialog.getByRole('button', { name: 'Done' }).click();
    await dialog.getByRole('button', { name: 'Close without it' }).click();
  }
  await page.getByRole('combobox', { name: 'Keys of project' }).selectOption('shop');
  expect(new URL(page.url()).searchParams.get('of')).toBe('shop');
  await page.reload();
  await page.getByText('Key of shop').waitFor();
  expect(await page.getByText('Key of default').count()).toBe(0);
  await page.context().close();
});

test('a tab is an address; what is sent while one looks is received', async () => {
  const page = await open('/settings?project=live');
  await page.getByRole('tab', { name: 'Connect' }).click();
  expect(new URL(page.url()).searchParams.get('view')).toBe('connect');
  await page.reload();
  await page.getByText('Waiting for the first span of live').waitFor();
  await page.getByText(system.otlp, { exact: true }).waitFor();
  await page.getByRole('tab', { name: 'Vercel AI' }).click();
  await page.getByText("'x-sightglass-project': 'live'").waitFor();
  await sendTraces(system.otlp, [{ agent: 'first' }], 'live');
  await page.getByText('Received:').waitFor();
  await page.getByRole('status').getByRole('link').click();
  await page.waitForURL(/\/traces\/[0-9a-f]{32}\?project=live$/);
  await page.context().close();
});

test('preferences hold here and after a reload', async () => {
  const page = await open('/settings?view=preferences');
  await page.getByRole('radio', { name: 'Dark' }).check({ force: true });
  await page.getByRole('radio', { name: 'Dense' }).check({ force: true });
  await page.reload();
  await page.locator('html[data-theme="dark"]').waitFor({ state: 'attached' });
  expect(await page.getByRole('radio', { name: 'Dense' }).isChecked()).toBe(true);
  await page.context().close();
});

test('keys and the palette lead to the settings and away from them', async () => {
  const page = await open('/traces');
  await page.keyboard.press('g');
  await page.keyboard.press(',');
  await page.waitForURL(/\/settings$/);
  await page.keyboard.press('Control+k');
  await page.getByPlaceholder('Go to an id').fill('connect');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/settings\?view=connect$/);
  await page.keyboard.press('g');
  await page.keyboard.press('t');
  await page.waitForURL(/\/traces$/);
  // The first key is none of the second one's business later on.
  const theme = () => page.evaluate(() => localStorage.getItem('sightglass.settings') ?? '');
  expect(await theme()).not.toContain('light');
  await page.keyboard.press('t');
  expect(await theme()).toContain('light');
  await page.context().close();
});

test.each([
  ['wide', wide],
  ['narrow', narrow],
] as const)('no tab has an axe finding or is wider than the screen (%s)', async (_name, viewport) => {
  for (const view of ['keys', 'connect', 'preferences', 'about']) {
    const page = await open(`/settings?view=${view}`, viewport);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
    await expectAccessible(page);
    await page.context().close();
  }
});
