import { getAgent, getAgentTraffic } from '../api/agents.ts';
import type { ApiFailure } from '../api/client.ts';
import { getCosts } from '../api/costs.ts';
import type { AgentReply, CostsReply, TrafficReply } from '../api/types.ts';
import { agentRowsMax, withoutRuntime } from './agents-page.svelte.ts';
import { type AgentsQuery, readAgentsQuery, toTrafficParams } from './agents-query.ts';
import { QueryPage } from './query-page.svelte.ts';
import type { Router } from './router.svelte.ts';

export interface AgentView {
  query: AgentsQuery;
  /** Null where it is not declared here, or there is no runtime. */
  agent: AgentReply['agent'] | null;
  runtimeFailure: ApiFailure | null;
  traffic: TrafficReply['rows'][number] | null;
  /** By revision; the totals are the agent's. */
  costs: CostsReply;
  revisions: TrafficReply['rows'];
}

/** One agent: how it is declared and what it did, by the page's address. */
export class AgentPage extends QueryPage<AgentsQuery, AgentView> {
  readonly #name: string;

  constructor(router: Router, name: string) {
    super(router, readAgentsQuery);
    this.#name = name;
  }

  protected async readView(query: AgentsQuery, signal: AbortSignal): Promise<AgentView> {
    const agent = this.#name;
    const params = { ...toTrafficParams(query, Date.now()), agent };
    const [runtime, traffic, revisions, costs] = await Promise.all([
      withoutRuntime(getAgent(agent, signal)),
      getAgentTraffic(params, signal),
      getAgentTraffic({ ...params, by: 'revision', limit: agentRowsMax }, signal),
      getCosts({ ...params, groupBy: 'revision', limit: agentRowsMax }, signal),
    ]);
    return {
      ...{ query, costs, revisions: revisions.rows, traffic: traffic.rows[0] ?? null },
      ...{ agent: this.#keepEqual(runtime.reply?.agent ?? null), runtimeFailure: runtime.failure },
    };
  }
  /** The same object where nothing of it changed: what was unfolded in it stays unfolded. */
  #keepEqual(agent: AgentView['agent']): AgentView['agent'] {
    const shown = this.view?.agent ?? null;
    return JSON.stringify(shown) === JSON.stringify(agent) ? shown : agent;
  }
}
