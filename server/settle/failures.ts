import { ApiError } from '../contract/errors.ts';
import { placeKey } from '../queries/settlement-changes.ts';
import type { SizedTrace } from './locate.ts';
import type { SettlerLog } from './settlement.ts';

/** Tries of a trace that fails by itself. */
const failuresMax = 3;

/** Counts how often single traces failed. */
export class Failures {
  readonly #counts = new Map<string, number>();
  readonly #log: SettlerLog;

  constructor(log: SettlerLog) {
    this.#log = log;
  }

  /** Throws the error on, until the trace has failed so often that it is left out until it changes. */
  note(trace: SizedTrace, error: unknown): void {
    const key = placeKey(trace);
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    if (count < failuresMax) throw error;
    this.#counts.delete(key);
    const { projectId, traceId } = trace;
    this.#log.error({ projectId, traceId, error: String(error) }, 'a trace cannot be settled and is left out');
  }
}

/** ClickHouse is away: nothing is wrong with what was to be settled. */
export function isAway(error: unknown): boolean {
  if (error instanceof ApiError) return error.code === 'database_unavailable';
  if (!(error instanceof Error)) return false;
  const { code = '' } = error as NodeJS.ErrnoException;
  return /^(ECONN|EPIPE|ETIMEDOUT)/.test(code) || /socket hang up|Timeout error/.test(error.message);
}
