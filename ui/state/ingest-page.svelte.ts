import { getIngest, type IngestReply } from '../api/ingest.ts';
import { resolveRange } from '../components/range/time-range.ts';
import { type AgentsQuery, readAgentsQuery, toTrafficParams } from './agents-query.ts';
import { QueryPage } from './query-page.svelte.ts';
import type { Router } from './router.svelte.ts';

/** One answer, and the question it is of. */
export interface IngestView {
  query: AgentsQuery;
  window: { fromMs: number; toMs: number };
  reply: IngestReply;
}

/** What the collectors received, by the page's address: project, range and live. */
export class IngestPage extends QueryPage<AgentsQuery, IngestView> {
  constructor(router: Router) {
    super(router, readAgentsQuery);
  }

  protected async readView(query: AgentsQuery, signal: AbortSignal): Promise<IngestView> {
    const nowMs = Date.now();
    const reply = await getIngest(toTrafficParams(query, nowMs), signal);
    return { query, window: resolveRange(query.range, nowMs), reply };
  }
}
