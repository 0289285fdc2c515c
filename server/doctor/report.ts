/** One thing that does not agree: where it is, what is stored, what it should be. */
export interface Case {
  projectId: string;
  traceId?: string;
  spanId?: string;
  sessionId?: string;
  stored: string;
  expected: string;
}

/** `note`: worth knowing, and nothing that does not agree. */
export interface CheckResult {
  check: string;
  status: 'ok' | 'failed' | 'note';
  /** One sentence. */
  summary: string;
  /** How much does not agree; 0 unless failed. */
  count: number;
  /** The first of them. */
  cases: Case[];
}

export interface DoctorReport {
  status: 'agree' | 'differ' | 'repaired' | 'not repaired';
  checks: CheckResult[];
  /** What was found after the repair. */
  afterRepair?: CheckResult[];
}

/** Cases that are named; the others are counted. */
export const casesMax = 20;
const words: Readonly<Record<CheckResult['status'], string>> = { ok: 'ok  ', failed: 'FAIL', note: 'note' };

/** The lines of a result: the sentence, and below it each case. */
export function formatResult({ check, status, summary, count, cases }: CheckResult): string[] {
  const others = count - cases.length;
  return [
    `${words[status]} ${check}: ${summary}`,
    ...cases.map((one) => `       ${formatPlace(one)}: stored ${one.stored}; should be ${one.expected}`),
    ...(cases.length > 0 && others > 0 ? [`       and ${formatCount(others)} more`] : []),
  ];
}

function formatPlace({ projectId, traceId, spanId, sessionId }: Case): string {
  const parts = [
    ['project', projectId],
    ['trace', traceId],
    ['span', spanId],
    ['session', sessionId],
  ] as const;
  return parts.flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`])).join(', ');
}

/** `12,345` */
export function formatCount(count: number | bigint): string {
  return count.toLocaleString('en-US');
}

/** `1 trace`, `12,345 traces` */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** In the largest unit that fits: `3 hours`. */
export function formatDuration(ms: number): string {
  const [name, size] = units.find(([, unitMs]) => ms >= unitMs) ?? ['second', 1_000];
  return countOf(Math.max(0, Math.floor(ms / size)), name);
}

/** Collects cases up to the limit and counts all of them. */
export class Findings {
  readonly cases: Case[] = [];
  count = 0;

  add(one: Case): void {
    this.count += 1;
    if (this.cases.length < casesMax) this.cases.push(one);
  }

  /** Ok or failed, by whether there are any. */
  result(check: string, { ok, failed }: { ok: string; failed: string }): CheckResult {
    const isOk = this.count === 0;
    return { check, status: isOk ? 'ok' : 'failed', summary: isOk ? ok : failed, count: this.count, cases: this.cases };
  }
}
