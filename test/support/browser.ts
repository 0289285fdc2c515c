import { type Browser, type Page, chromium } from 'playwright';
import { getChromium } from './chromium.ts';

/** No network of its own, no sandbox (containers run tests as root), no GPU. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const idleLimitMs = 30_000;

/** A headless browser for one test file; the file closes it in `afterAll`. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: getChromium(), args: flags });
}

/** Waits until the app says that nothing is being fetched or drawn (`data-idle` on the root element). */
export async function waitForIdle(page: Page): Promise<void> {
  await page.locator('html[data-idle="true"]').waitFor({ state: 'attached', timeout: idleLimitMs });
}
