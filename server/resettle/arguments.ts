import { parseArgs } from 'node:util';
import { parseRfc3339 } from '../domain/time.ts';
import type { ResettlementRequest } from './request.ts';

export interface ResettleOptions extends ResettlementRequest {
  json: boolean;
}

export const resettleUsage = '--project P --from TIME --to TIME [--commit] [--json]';

/**
 * The options of `sightglass resettle`, or one line that says what is wrong with them and what is allowed. Pure: the
 * `sightglass` command asks before it starts anything.
 */
export function parseResettleArguments(args: readonly string[]): ResettleOptions | { fault: string } {
  let values;
  try {
    ({ values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false }));
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split(/\. |\n/)[0] ?? '') : String(error);
    return { fault: `${reason}; allowed: ${resettleUsage}` };
  }
  const { project: projectId = '', from = '', to = '', commit = false, 'dry-run': isDryRun = false } = values;
  if (projectId === '') return { fault: '--project is missing; allowed: the name of a project' };
  const [fromNs, toNs] = [parseTime(from), parseTime(to)];
  if (fromNs === undefined) return { fault: timeFault('--from', from) };
  if (toNs === undefined) return { fault: timeFault('--to', to) };
  if (fromNs >= toNs)
    return { fault: `--from ${from} is not before --to ${to}; allowed: a window that holds something` };
  if (commit && isDryRun) return { fault: '--commit and --dry-run contradict each other; allowed: one of them' };
  return { projectId, fromNs, toNs, commit, json: values.json ?? false };
}

const options = {
  project: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  commit: { type: 'boolean' },
  /** What it does anyway unless told to commit. */
  'dry-run': { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

function parseTime(text: string): bigint | undefined {
  const day = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text;
  return /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(day) ? parseRfc3339(day) : undefined;
}

function timeFault(name: string, text: string): string {
  const given = text === '' ? 'is missing' : `${text} is no time`;
  return `${name} ${given}; allowed: a day, such as 2026-11-20, or RFC 3339, such as 2026-11-20T12:00:00Z`;
}
