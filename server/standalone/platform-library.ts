import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { StartError } from './start-error.ts';

/** What decides which build of the ClickHouse library fits; `libc` is `glibc`, `musl` or null (not Linux). */
export interface Platform {
  platform: string;
  arch: string;
  libc: 'glibc' | 'musl' | null;
}

const packages: Readonly<Record<string, string>> = {
  'linux-x64-glibc': '@chdb/lib-linux-x64-gnu',
  'linux-arm64-glibc': '@chdb/lib-linux-arm64-gnu',
  'darwin-x64': '@chdb/lib-darwin-x64',
  'darwin-arm64': '@chdb/lib-darwin-arm64',
};

const alternative = 'set CLICKHOUSE_URL to a ClickHouse server instead';

/**
 * Path of the ClickHouse shared library that npm installed for this platform.
 * Throws a StartError where none exists (Windows, musl) or the package was not installed.
 */
export function getPlatformLibrary(
  platform: Platform = detectPlatform(),
  resolve: (specifier: string) => string = resolveFromChdb,
): string {
  const key = [platform.platform, platform.arch, platform.libc].filter((part) => part !== null).join('-');
  const name = packages[key];
  if (name === undefined) {
    throw new StartError(
      `the embedded ClickHouse does not exist for ${key} (only for ${Object.keys(packages).join(', ')}): ${alternative}`,
    );
  }
  const library = findLibrary(name, resolve);
  if (library === undefined) {
    throw new StartError(
      `the embedded ClickHouse is not installed: npm package ${name} is missing; run npm install without --omit=optional, or ${alternative}`,
    );
  }
  return library;
}

function findLibrary(name: string, resolve: (specifier: string) => string): string | undefined {
  try {
    const path = join(dirname(resolve(`${name}/package.json`)), 'libchdb.so');
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** The platform package is a dependency of `chdb`, so it is looked up from there: it need not be hoisted. */
function resolveFromChdb(specifier: string): string {
  const chdb = createRequire(import.meta.url).resolve('chdb/package.json');
  return createRequire(chdb).resolve(specifier);
}

function detectPlatform(): Platform {
  return { platform: process.platform, arch: process.arch, libc: detectLibc() };
}

/** The process report names the glibc that Node runs on; on musl the field is absent. */
function detectLibc(): Platform['libc'] {
  if (process.platform !== 'linux') return null;
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
}
