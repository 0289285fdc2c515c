import { getStatement } from '../api/owners.ts';
import type { StatementReply } from '../api/types.ts';
import { QueryPage } from './query-page.svelte.ts';
import type { Router } from './router.svelte.ts';

export interface StatementQuery {
  project: string;
  /** `2026-10`; null: the last whole one. */
  month: string | null;
  timeZone: string;
}

/** What a statement shows, as it stands in the address. */
export function readStatementQuery(params: URLSearchParams): { query: StatementQuery; problems: readonly string[] } {
  const month = params.get('month');
  const isMonth = month === null || /^20\d\d-(0[1-9]|1[0-2])$/.test(month);
  return {
    query: {
      project: params.get('project') ?? 'default',
      month: isMonth ? month : null,
      timeZone: params.get('zone') ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    },
    problems: isMonth ? [] : [`“month=${month}” in the address is not a month such as 2026-10.`],
  };
}

/** The statement of a month, by the page's address. */
export class StatementPage extends QueryPage<StatementQuery, StatementReply> {
  constructor(router: Router) {
    super(router, readStatementQuery);
  }

  protected readView({ project, month, timeZone }: StatementQuery, signal: AbortSignal): Promise<StatementReply> {
    return getStatement({ project, month, timeZone }, signal);
  }
}
