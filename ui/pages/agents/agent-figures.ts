import type { CostRow, TrafficReply } from '../../api/types.ts';
import { describeMissing, readCoverage } from '../../components/coverage.ts';
import {
  countOf,
  exactCount,
  exactDuration,
  exactTokens,
  exactUsd,
  formatCount,
  formatDuration,
  formatTokens,
  formatUsd,
  unknown,
} from '../../components/format.ts';
import { errorShare } from './agent-rows.ts';

interface Words {
  text: string;
  title: string;
}

/** What an agent or a revision did, each figure as it is shown and exactly. */
export interface AgentFigures {
  traces: Words;
  failed: Words & { tone: 'danger' | undefined };
  p95: Words;
  tokens: Words;
  cost: Words;
}

const noTraffic = 'No span of this time names it';

export function describeFigures(
  traffic: TrafficReply['rows'][number] | null,
  spent: Pick<CostRow, 'usage' | 'cost'> | null,
): AgentFigures {
  return { ...describeTraffic(traffic), ...describeSpent(spent) };
}

function describeTraffic(
  traffic: TrafficReply['rows'][number] | null,
): Pick<AgentFigures, 'traces' | 'failed' | 'p95'> {
  if (traffic === null) {
    const none = { text: unknown, title: noTraffic };
    return { traces: { text: '0', title: noTraffic }, failed: { ...none, tone: undefined }, p95: none };
  }
  const { traceCount, errorCount, durationP50Ns, durationP95Ns } = traffic;
  return {
    traces: { text: formatCount(traceCount), title: countOf(traceCount, 'trace') },
    failed: {
      text: errorShare(traffic) ?? unknown,
      title: `It failed in ${exactCount(errorCount)} of ${countOf(traceCount, 'trace')}`,
      tone: errorCount > 0 ? 'danger' : undefined,
    },
    p95: {
      text: formatDuration(durationP95Ns),
      title: `95 of 100 took at most ${exactDuration(durationP95Ns)}, half at most ${exactDuration(durationP50Ns)}`,
    },
  };
}

function describeSpent(spent: Pick<CostRow, 'usage' | 'cost'> | null): Pick<AgentFigures, 'tokens' | 'cost'> {
  if (spent === null || spent.usage.modelCalls === 0) {
    const none = { text: unknown, title: 'No model call of this time is its own' };
    return { tokens: none, cost: none };
  }
  const { usage, cost } = spent;
  const calls = countOf(usage.modelCalls, 'model call');
  const missing = describeMissing(readCoverage(cost));
  return {
    tokens: {
      text: formatTokens(usage.inputTokens + usage.outputTokens),
      title: `${exactTokens(usage.inputTokens)} in, ${exactTokens(usage.outputTokens)} out, ${calls}`,
    },
    cost: {
      text: cost.usd === null ? unknown : formatUsd(cost.usd),
      title: [
        cost.usd === null ? 'No price is known' : exactUsd(cost.usd),
        calls,
        ...(missing === null ? [] : [missing]),
      ].join(', '),
    },
  };
}
