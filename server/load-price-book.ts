import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { ConfigError } from './config.ts';
import { pricesFile } from './contract/prices-file.ts';
import { describeFaults, findRepeated, readFaults } from './domain/prices/file-faults.ts';
import { findBrokenLine } from './domain/prices/locate-json.ts';
import { GenaiTable } from './domain/prices/genai-table.ts';
import { Overrides } from './domain/prices/overrides.ts';
import { createPriceBook } from './domain/prices/price-book.ts';
import type { PriceBook } from './domain/prices/unit-prices.ts';

const fileLimitBytes = 8 * 1024 * 1024;

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
  const file = { name: path, text, content: parseJson(path, text) };
  const parsed = pricesFile.safeParse(file.content);
  const faults = [...findRepeated(text), ...readFaults(parsed.error?.issues ?? [])];
  if (!parsed.success || faults.length > 0) throw new ConfigError(describeFaults(file, faults));
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
    throw new ConfigError([`${path}:${findBrokenLine(text)}: is not JSON: ${cause}`]);
  }
}
