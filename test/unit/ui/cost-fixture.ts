import type { CostRow, CostsReply, LedgerEntryReply, Usage } from '../../../ui/api/types.ts';
import type { CostView } from '../../../ui/state/cost-page.svelte.ts';
import { readCostQuery } from '../../../ui/state/cost-query.ts';

export function usageOf(usage: Partial<Usage>): Usage {
  return {
    ...{ modelCalls: 1, inputTokens: 100, outputTokens: 10 },
    ...{ cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
    ...usage,
  };
}

/** A row of one call, priced unless `usd` is null. */
export function costRow(usd: string | null, group: Partial<CostRow> = {}, usage: Partial<Usage> = {}): CostRow {
  const calls = usage.modelCalls ?? 1;
  const priced = usd === null ? 0 : calls;
  return { usage: usageOf(usage), cost: { usd, pricedCalls: priced, unpricedCalls: calls - priced }, ...group };
}

export function costsReply(rows: CostRow[], total: CostRow, groupCount = rows.length): CostsReply {
  const { pricedCalls, unpricedCalls } = total.cost;
  const callsByStatus = { priced: pricedCalls, reported: 0, unpricedModel: unpricedCalls, unpricedUsage: 0 };
  const totals = { usage: total.usage, cost: total.cost, callsByStatus };
  return { totals, rows, groupCount, booked: { verifiedTo: null } };
}

/** A view by agent and day. */
export function costView(view: Partial<CostView> & { search?: string }): CostView {
  const { search = '', ...rest } = view;
  return {
    query: readCostQuery(new URLSearchParams(search)).query,
    window: { fromMs: Date.UTC(2026, 10, 20, 12), toMs: Date.UTC(2026, 10, 23) },
    interval: 'day',
    groups: costsReply([], costRow('0')),
    before: null,
    byTime: [],
    parts: [],
    top: [],
    slots: new Map(),
    ...rest,
  };
}

export function ledgerEntry(entry: Partial<LedgerEntryReply>): LedgerEntryReply {
  return {
    ...{ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', startTimeUnixNano: '1', sign: 1 },
    ...{ agent: null, agentVersion: null, session: null, user: null, environment: null, service: null, labels: {} },
    ...{ provider: 'openai', model: 'gpt-5-mini', requestModel: 'gpt-5-mini', kind: 'llm', operation: 'chat' },
    ...{ serviceTier: null, isBatch: false, isError: false, counted: true, notCountedBecause: null },
    ...{ countedInstead: null, status: 'priced', usage: usageOf({}), costUsd: '0.001', reportedCostUsd: null },
    ...{ cacheWrite5mTokens: 0, cacheWrite1hTokens: 0, inputAudioTokens: 0, outputAudioTokens: 0 },
    ...{ price: null, priceVersion: null, pass: '1', bookedAtUnixNano: '1' },
    ...entry,
  };
}
