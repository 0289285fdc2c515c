import type { z } from 'zod';
import { locateJson } from './locate-json.ts';

/** A start that fails shows this many faults of the file and counts the others. */
const shownFaultsMax = 20;

export interface FileFault {
  path: readonly PropertyKey[];
  message: string;
}

/** Names that stand twice in one object of the file. */
export function findRepeated(text: string): FileFault[] {
  return locateJson(text).repeated.map(({ path }) => ({ path, message: 'stands here twice' }));
}

/** The rules that a file breaks. Of a value that may be several things, the fault is that of the thing it looks like. */
export function readFaults(issues: readonly z.core.$ZodIssue[], path: readonly PropertyKey[] = []): FileFault[] {
  return issues.flatMap((issue) => {
    const at = [...path, ...issue.path];
    const meant = issue.code === 'invalid_union' ? issue.errors.find(looksMeant) : undefined;
    return meant === undefined ? [{ path: at, message: issue.message }] : readFaults(meant, at);
  });
}

/** A branch of a union whose faults lie deeper than its own type. */
function looksMeant(issues: readonly z.core.$ZodIssue[]): boolean {
  return issues.every((issue) => issue.path.length > 0 || issue.code === 'unrecognized_keys');
}

/** A line for each fault: `prices.json:12: prices[3].per_million.input must be …`. */
export function describeFaults(file: { name: string; text: string; content: unknown }, faults: FileFault[]): string[] {
  const { lineOf } = locateJson(file.text);
  const placed = faults.map(({ path, message }) => {
    const blank = path.length > 0 && valueAt(file.content, path) === null ? 'is a blank to fill in: it ' : '';
    const line = lineOf(path);
    return { line, text: `${file.name}:${line}: ${describePath(path)} ${blank}${message}` };
  });
  // One value may break several rules that say the same.
  const all = [...new Set(placed.sort((a, b) => a.line - b.line).map(({ text }) => text))];
  if (all.length <= shownFaultsMax) return all;
  return [...all.slice(0, shownFaultsMax), `${file.name}: and ${all.length - shownFaultsMax} more faults`];
}

function valueAt(content: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    content,
  );
}

/** `prices[3].per_million.input` */
function describePath(path: readonly PropertyKey[]): string {
  const text = path
    .map((key) => {
      if (typeof key === 'number') return `[${key}]`;
      return /^\w+$/.test(String(key)) ? `.${String(key)}` : `[${JSON.stringify(String(key))}]`;
    })
    .join('');
  return text.replace(/^\./, '') || 'the file';
}
