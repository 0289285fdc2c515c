import type { SessionCostsReply } from '../../api/types.ts';
import { describeMissing, readCoverage } from '../../components/coverage.ts';
import { countOf, exactUsd, formatUsd, unknown } from '../../components/format.ts';
import type { GroupValues } from '../../state/cost-drill.ts';
import { keyOfGroup } from '../../state/cost-groups.ts';
import type { CostSessionsView } from '../../state/cost-insights.svelte.ts';
import { type GroupName, countsSessions } from '../../state/cost-query.ts';

/** What a session of a group costs. */
export interface PerSession {
  /** Null: not known, or there are none. */
  usd: string | null;
  text: string;
  title: string;
}

/**
 * What a session costs, by the key of its group; null where sessions are not counted by these groups. Until they are, and where
 * `problem` says why they cannot be, every group says so.
 */
export function readSessionCosts(options: {
  by: readonly GroupName[];
  view: CostSessionsView | null;
  problem: string | null;
}): ((values: GroupValues) => PerSession) | null {
  const { by, view, problem } = options;
  if (!countsSessions(by)) return null;
  if (view?.query.by.join() !== by.join()) {
    const title = problem === null ? 'Sessions are being counted' : `Sessions could not be counted: ${problem}`;
    return () => ({ usd: null, text: problem === null ? '' : unknown, title });
  }
  const { rows, groupCount } = view.reply;
  const found = new Map(rows.map((row) => [keyOfGroup(row.values), row]));
  const none = groupCount > rows.length ? 'Its sessions were not counted: there are too many groups.' : noSession;
  return (values) => {
    const row = found.get(keyOfGroup(values));
    return row === undefined ? { usd: null, text: unknown, title: none } : describe(row);
  };
}

const noSession = 'No call here names a session.';

function describe({ usdPerSession, sessions, cost }: SessionCostsReply['totals']): PerSession {
  const missing = describeMissing(readCoverage(cost));
  const words =
    usdPerSession === null || cost.usd === null
      ? countOf(sessions, 'session')
      : `${exactUsd(usdPerSession)}: ${exactUsd(cost.usd)} in ${countOf(sessions, 'session')}`;
  return {
    usd: usdPerSession,
    text: usdPerSession === null ? unknown : formatUsd(usdPerSession),
    title: missing === null ? words : `${words}. ${missing}`,
  };
}
