import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright';

/** Where distributions put Chromium; the first that exists is used. */
const systemPaths = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const installLimitMs = 300_000;

/** The browser of the end-to-end tests: `SIGHTGLASS_CHROMIUM`, the system's, or Playwright's own. */
export function findChromium(): string | undefined {
  const chosen = process.env['SIGHTGLASS_CHROMIUM'];
  if (chosen !== undefined && chosen !== '') return chosen;
  return [...systemPaths, chromium.executablePath()].find((path) => existsSync(path));
}

/** Like `findChromium`; throws one line that says what to do when there is none. */
export function getChromium(): string {
  const path = findChromium();
  if (path === undefined || !existsSync(path)) {
    throw new Error(
      `no browser at ${path ?? systemPaths.join(', ')}: install Chromium, or name one in SIGHTGLASS_CHROMIUM`,
    );
  }
  return path;
}

/** Installs Chromium when there is none: through apt where that may be done, else Playwright's build. */
export function ensureChromium(): string {
  if (findChromium() !== undefined) return getChromium();
  if (existsSync('/usr/bin/apt-get') && process.getuid?.() === 0) {
    run('apt-get', ['update']);
    run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium']);
  } else {
    run('npx', ['playwright', 'install', 'chromium']);
  }
  return getChromium();
}

function run(command: string, args: string[]): void {
  console.log(`no browser found: ${command} ${args.join(' ')}`);
  const { status, error } = spawnSync(command, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: installLimitMs,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (error) console.error(`${command}: ${error.message}`);
  else if (status !== 0) console.error(`${command} ended with ${status ?? 'a signal'}`);
}
