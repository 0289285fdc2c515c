import { getAgentTraffic, listAgents } from '../api/agents.ts';
import { ApiFailure } from '../api/client.ts';
import { getCosts } from '../api/costs.ts';
import type { AgentSummary, CostsReply, TrafficReply } from '../api/types.ts';
import { type AgentsQuery, readAgentsQuery, toTrafficParams } from './agents-query.ts';
import { QueryPage } from './query-page.svelte.ts';
import type { Router } from './router.svelte.ts';

/** Agents and revisions that one page shows: those with the most traces, and all that are declared. */
export const agentRowsMax = 500;

/** One answer, and the question it is of. */
export interface AgentsView {
  query: AgentsQuery;
  /** Null where there is no runtime. */
  declared: readonly AgentSummary[] | null;
  /** Why there is none. */
  runtimeFailure: ApiFailure | null;
  traffic: TrafficReply;
  costs: CostsReply;
}

/** Which agents there are and what they did, by the page's address. */
export class AgentsPage extends QueryPage<AgentsQuery, AgentsView> {
  constructor(router: Router) {
    super(router, readAgentsQuery);
  }

  protected async readView(query: AgentsQuery, signal: AbortSignal): Promise<AgentsView> {
    const params = toTrafficParams(query, Date.now());
    const [runtime, traffic, costs] = await Promise.all([
      withoutRuntime(listAgents(signal)),
      getAgentTraffic({ ...params, limit: agentRowsMax }, signal),
      getCosts({ ...params, groupBy: 'agent', limit: agentRowsMax }, signal),
    ]);
    return { query, declared: runtime.reply?.agents ?? null, runtimeFailure: runtime.failure, traffic, costs };
  }
}

/** A runtime that is not there is no failure of the page: spans are there without it. */
export async function withoutRuntime<Reply>(
  asked: Promise<Reply>,
): Promise<{ reply: Reply | null; failure: ApiFailure | null }> {
  try {
    return { reply: await asked, failure: null };
  } catch (error) {
    if (error instanceof ApiFailure && isOfRuntime(error)) return { reply: null, failure: error };
    throw error;
  }
}

function isOfRuntime({ code }: ApiFailure): boolean {
  return code === 'runtime_unavailable' || code === 'runtime_bad_reply' || code === 'agent_not_found';
}
