import type { Browser, Page } from 'playwright';
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

async function open(path: string): Promise<void> {
  await page.goto(`${system.url}/sessions/shop${path}`);
  await waitForIdle(page);
}

const stepInAddress = () => new URL(page.url()).searchParams.get('step');
const turnsShown = () => page.locator('[data-turn]').count();
const slider = () => page.getByRole('slider', { name: 'Step' });

test('arrow keys walk the steps, Home and End go to the ends, and the address follows', async () => {
  await open('');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await expect.poll(stepInAddress).toBe('1.b100000000000002');
  expect(await slider().getAttribute('aria-valuetext')).toMatch(/^turn 1, chat gpt-4o, 20\.0 ms after the start$/);
  await page.keyboard.press('ArrowLeft');
  await expect.poll(stepInAddress).toBe('1.b100000000000001');
  await page.keyboard.press('End');
  await expect.poll(stepInAddress).toBe(`4.${shopSteps.compacted}`);
  await page.keyboard.press('Home');
  await expect.poll(stepInAddress).toBe('1');
});

test('playing shows steps as they happened, and what came later not yet', async () => {
  await open('?step=2');
  await page.keyboard.press('Space');
  await expect.poll(turnsShown).toBe(2);
  await page.getByRole('button', { name: 'Pause' }).waitFor();
  expect(await page.locator('[data-step$="/b200000000000008"]').count()).toBe(0);
  await expect.poll(stepInAddress).toMatch(/^2\.b2000000000000/);
  await page.locator('[data-step$="/b200000000000003"]').getByText('running').waitFor({ timeout: 10_000 });
  await page.keyboard.press('Space');
  await page.getByRole('button', { name: 'Play' }).waitFor();
  expect(await turnsShown()).toBe(2);
  await page.keyboard.press('Escape');
  await expect.poll(turnsShown).toBe(4);
});

test('at sixteen times the speed the whole session is over in seconds, and all of it stands there', async () => {
  await open('');
  await page.getByRole('button', { name: '16×' }).click();
  const started = Date.now();
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await page.getByRole('button', { name: 'Pause' }).waitFor();
  await page.getByRole('button', { name: 'Play', exact: true }).waitFor({ timeout: 20_000 });
  // Eighteen seconds of work and three waits of one second at most.
  expect(Date.now() - started).toBeLessThan(15_000);
  await expect.poll(turnsShown).toBe(4);
});

test('dragging the playhead goes to a moment', async () => {
  await open('');
  const box = await slider().boundingBox();
  if (box === null) throw new Error('no playhead');
  await page.mouse.move(box.x + 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height / 2, { steps: 4 });
  await page.mouse.up();
  await expect.poll(stepInAddress).toMatch(/^2\./);
  expect(await turnsShown()).toBe(2);
  await page.getByRole('button', { name: 'Show all' }).click();
  await expect.poll(turnsShown).toBe(4);
});

test('a link with a step opens there', async () => {
  await open(`?step=3.${shopSteps.failedTool}`);
  const step = page.locator(`[data-step$="/${shopSteps.failedTool}"]`);
  expect(await step.getAttribute('aria-current')).toBe('step');
  const [box, view] = [
    await step.boundingBox(),
    await page.getByRole('region', { name: 'Conversation' }).boundingBox(),
  ];
  expect(box !== null && view !== null && box.y >= view.y && box.y < view.y + view.height).toBe(true);
});

test('the keys are listed', async () => {
  await open('');
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog');
  for (const label of ['Play, pause', 'Next turn', 'Where do the selected words come from?']) {
    await dialog.getByText(label).waitFor();
  }
  await page.keyboard.press('Escape');
});
