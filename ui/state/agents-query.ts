import { type Params, toSearch } from '../api/client.ts';
import { type TimeRange, resolveRange } from '../components/range/time-range.ts';
import { readTraceQuery, writeRange } from './trace-query.ts';

/** What the pages of agents show, as it stands in the address. */
export interface AgentsQuery {
  project: string;
  range: TimeRange;
  /** What comes in is counted as it does. */
  live: boolean;
}

/** The lists that know an agent, by what their address begins with. */
export type AgentListPath = '/traces' | '/sessions' | '/costs' | '/costs/ledger';

/** Reads the address: project, range and live, and nothing of what other pages are filtered by. */
export function readAgentsQuery(params: URLSearchParams): { query: AgentsQuery; problems: readonly string[] } {
  const own = new URLSearchParams(
    [...params].filter(([name]) => ['project', 'range', 'from', 'to', 'live'].includes(name)),
  );
  const { query, problems } = readTraceQuery(own);
  return { query: { project: query.project, range: query.range, live: query.live }, problems };
}

/** Project and moments, as the API takes them. */
export function toTrafficParams({ project, range }: AgentsQuery, nowMs: number): Params {
  const { fromMs, toMs } = resolveRange(range, nowMs);
  return { project, from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
}

/** What an agent did, as another page lists it, in the same project and range. */
export function agentListHref(
  path: AgentListPath,
  { project, range }: Pick<AgentsQuery, 'project' | 'range'>,
  filters: Params,
): string {
  return `${path}${toSearch({ project: project === 'default' ? null : project, ...writeRange(range), ...filters })}`;
}
