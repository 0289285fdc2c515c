import { parseArgs } from 'node:util';

export interface DoctorOptions {
  repair: boolean;
  json: boolean;
  /** Absent: every project. */
  projectId: string | undefined;
  /** Window of arrival in Unix milliseconds: from inclusive, to exclusive. */
  fromMs: number | undefined;
  toMs: number | undefined;
}

export const doctorUsage = '[--repair] [--json] [--project P] [--from TIME] [--to TIME]';

/**
 * The options of `sightglass doctor`, or one line that says what is wrong with them and what is allowed. Pure: the `sightglass`
 * command asks before it starts anything.
 */
export function parseDoctorArguments(args: readonly string[]): DoctorOptions | { fault: string } {
  let values;
  try {
    ({ values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false }));
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split(/\. |\n/)[0] ?? '') : String(error);
    return { fault: `${reason}; allowed: ${doctorUsage}` };
  }
  const { repair = false, json = false, project: projectId, from, to } = values;
  if (projectId === '') return { fault: '--project is empty; allowed: the name of a project' };
  const [fromMs, toMs] = [parseTime(from), parseTime(to)];
  for (const [name, text, ms] of [
    ['--from', from, fromMs],
    ['--to', to, toMs],
  ] as const) {
    if (text !== undefined && ms === undefined) {
      return { fault: `${name} ${text} is no time; allowed: RFC 3339, such as 2026-11-20T12:00:00Z` };
    }
  }
  if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs) {
    return { fault: `--from ${from} is not before --to ${to}; allowed: a window that holds something` };
  }
  return { repair, json, projectId, fromMs, toMs };
}

const options = {
  repair: { type: 'boolean' },
  json: { type: 'boolean' },
  project: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
} as const;

function parseTime(text: string | undefined): number | undefined {
  const isRfc3339 = text !== undefined && /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(text);
  const ms = isRfc3339 ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
