import type { z } from 'zod';
import { suggest } from './fields.ts';
import type { Fault, Path } from './read-yaml.ts';

/** A file shows this many faults and counts the others. */
const shownFaultsMax = 100;

/** The rules that a definition breaks, each with the place in it that breaks it. */
export function readIssues(issues: readonly z.core.$ZodIssue[], path: Path = []): { path: Path; message: string }[] {
  return issues.flatMap((issue) => {
    const at = [...path, ...(issue.path as Path)];
    if (issue.code === 'unrecognized_keys') {
      const known = issue.message.split(', ');
      return issue.keys.map((key) => ({
        path: [...at, key],
        message: `is not known, allowed: ${issue.message}${suggest(key, known)}`,
      }));
    }
    const meant = issue.code === 'invalid_union' ? issue.errors.find(looksMeant) : undefined;
    return meant === undefined ? [{ path: at, message: issue.message }] : readIssues(meant, at);
  });
}

/** Of a value that may be several things, the one it looks like: its faults lie deeper than its type, or are of its form. */
function looksMeant(issues: readonly z.core.$ZodIssue[]): boolean {
  return issues.every(({ path, code }) => path.length > 0 || code !== 'invalid_type') && issues.length > 0;
}

/** A line for each fault, `support.yaml:12: limits.maxStep is not known, allowed: …`, in order of file and line. */
export function describeFaults(faults: readonly Fault[]): string[] {
  const byFile = Map.groupBy(faults, ({ file }) => file);
  const files = [...byFile].sort(([a], [b]) => (a < b ? -1 : 1));
  return files.flatMap(([file, ofFile]) => {
    const sorted = ofFile.toSorted((a, b) => a.line - b.line);
    // One value may break several rules that say the same.
    const lines = [...new Set(sorted.map(({ line, text }) => `${file}:${line}: ${text}`))];
    if (lines.length <= shownFaultsMax) return lines;
    return [...lines.slice(0, shownFaultsMax), `${file}: and ${lines.length - shownFaultsMax} more faults`];
  });
}

/** `tools[3].headers.Authorization` */
export function describePath(path: Path): string {
  const text = path
    .map((key) => {
      if (typeof key === 'number') return `[${key}]`;
      return /^[\w-]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
    })
    .join('');
  return text.replace(/^\./, '') || 'the file';
}
