import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import type { z } from 'zod';
import { ConfigError } from './config.ts';
import { pricesFile } from './contract/prices.ts';
import { GenaiTable } from './domain/prices/genai-table.ts';
import { Overrides } from './domain/prices/overrides.ts';
import { createPriceBook } from './domain/prices/price-book.ts';
import type { PriceBook } from './domain/prices/unit-prices.ts';

const fileLimitBytes = 8 * 1024 * 1024;
/** A start that fails shows this many faults of the file and counts the others. */
const shownFaultsMax = 20;

/** The installed price table, and over it the file at `path`. Throws `ConfigError` with a line for each fault of the file. */
export function loadPriceBook(path: string | undefined): PriceBook {
  const table = new GenaiTable(readPackageVersion());
  return createPriceBook({ table, overrides: path === undefined ? undefined : readOverrides(path) });
}

function readPackageVersion(): string {
  const path = findPackageJSON('@pydantic/genai-prices', import.meta.url);
  if (path === undefined) throw new Error('@pydantic/genai-prices is not installed');
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

function readOverrides(path: string): Overrides {
  const text = readText(path);
  const parsed = pricesFile.safeParse(parseJson(path, text));
  if (!parsed.success) throw new ConfigError(describeFaults(path, parsed.error.issues));
  return new Overrides(parsed.data, createHash('sha256').update(text).digest('hex'));
}

function readText(path: string): string {
  try {
    const { size } = statSync(path);
    if (size <= fileLimitBytes) return readFileSync(path, 'utf8');
    throw new Error(`it has ${size} bytes`);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    const allowed = `a readable JSON file of at most ${fileLimitBytes} bytes`;
    throw new ConfigError([`SIGHTGLASS_PRICES_FILE=${path} is not allowed (${cause}); allowed: ${allowed}`]);
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const cause = error instanceof Error ? error.message.replace(/\s+/g, ' ') : String(error);
    throw new ConfigError([`${path} is not JSON: ${cause}`]);
  }
}

function describeFaults(path: string, issues: readonly z.core.$ZodIssue[]): string[] {
  // One value may break several rules that say the same.
  const lines = [...new Set(issues.map((issue) => `${path}: ${describePath(issue.path)} ${issue.message}`))];
  if (lines.length <= shownFaultsMax) return lines;
  return [...lines.slice(0, shownFaultsMax), `${path}: and ${lines.length - shownFaultsMax} more faults`];
}

/** `prices[3].per_million.input` */
function describePath(path: readonly PropertyKey[]): string {
  const text = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return text.replace(/^\./, '') || 'the file';
}
