import { formatCount, formatDuration, formatTokens, formatUsd, unknown } from '../../components/format.ts';
import type { AlertMetric } from '../../api/alerts.ts';

/** What a metric's values are. */
export type MetricUnit = 'usd' | 'percent' | 'ms' | 'count' | 'tokens' | 'minutes';

export interface MetricWords {
  label: string;
  /** One line: what is measured. */
  explanation: string;
  unit: MetricUnit;
  /** Of what a count is, one and several. */
  things?: readonly [string, string];
  /** The begin of a sentence: `spend`. */
  subject: string;
}

/** Every metric a rule may have, in the order of the form. */
export const metricWords: Readonly<Record<AlertMetric, MetricWords>> = {
  spend: {
    label: 'Spend',
    explanation: 'What model calls cost in the window, as the ledger has it.',
    ...{ unit: 'usd', subject: 'spend' },
  },
  budget: {
    label: 'Budget used',
    explanation: 'The share of a budget that is spent, in its current period.',
    ...{ unit: 'percent', subject: 'the used share of a budget' },
  },
  forecast: {
    label: 'Spend forecast',
    explanation: 'What the calendar period will have cost when it ends, should it go on as so far.',
    ...{ unit: 'usd', subject: 'the forecast spend' },
  },
  cost_per_session: {
    label: 'Cost per session',
    explanation: 'Spend of the window, divided by its sessions.',
    ...{ unit: 'usd', subject: 'the cost per session' },
  },
  error_rate: {
    label: 'Error rate',
    explanation: 'The share that failed: of runs, or of the model or tool calls it is grouped or narrowed by.',
    ...{ unit: 'percent', subject: 'the error rate' },
  },
  latency_p50: {
    label: 'Latency, median',
    explanation: 'Half take longer: of runs, or of the model or tool calls it is grouped or narrowed by.',
    ...{ unit: 'ms', subject: 'the median latency' },
  },
  latency_p95: {
    label: 'Latency, p95',
    explanation: 'One of twenty takes longer: of runs, or of the model or tool calls it is grouped or narrowed by.',
    ...{ unit: 'ms', subject: 'the p95 latency' },
  },
  latency_p99: {
    label: 'Latency, p99',
    explanation: 'One of a hundred takes longer: of runs, or of the model or tool calls it is grouped or narrowed by.',
    ...{ unit: 'ms', subject: 'the p99 latency' },
  },
  first_token_p95: {
    label: 'First token, p95',
    explanation: 'One model call of twenty waits longer than this for its first token.',
    ...{ unit: 'ms', subject: 'the p95 time to the first token' },
  },
  token_growth_per_turn: {
    label: 'Token growth per turn',
    explanation: 'Tokens of input that each turn of a session adds to the one before.',
    ...{ unit: 'tokens', subject: 'the token growth per turn' },
  },
  loop: {
    label: 'Loop',
    explanation: 'The same tool called with the same arguments again and again, in one session.',
    ...{ unit: 'count', things: ['equal call', 'equal calls'], subject: 'the longest loop' },
  },
  tool_error_streak: {
    label: 'Tool error streak',
    explanation: 'Calls of one tool that failed one after the other.',
    ...{ unit: 'count', things: ['failure', 'failures'], subject: 'the longest streak of tool errors' },
  },
  unpriced_calls: {
    label: 'Unpriced calls',
    explanation: 'Model calls whose cost is not known: no price, or no token counts.',
    ...{ unit: 'count', things: ['call', 'calls'], subject: 'the number of unpriced calls' },
  },
  missing_data: {
    label: 'Missing data',
    explanation: 'How long no span has arrived.',
    ...{ unit: 'minutes', subject: 'the time without a span' },
  },
};
export const metricNames = Object.keys(metricWords) as readonly AlertMetric[];

const nsPerMs = 1_000_000;
const msPerMinute = 60_000;

/** `$12.40`, `4.2 %`, `1.24 s`, `5 equal calls`; `–` where there is no value. */
export function formatValue(metric: AlertMetric, value: number | null): string {
  if (value === null || !Number.isFinite(value)) return unknown;
  const { unit, things } = metricWords[metric];
  if (unit === 'usd') return formatUsd(writeDecimal(value));
  if (unit === 'percent') return `${roundTo(value, 1)} %`;
  if (unit === 'tokens') return formatTokens(roundTo(value, 0));
  if (unit === 'ms') return formatDuration(BigInt(Math.round(value * nsPerMs)));
  if (unit === 'minutes') return formatDuration(BigInt(Math.round(value * msPerMinute * nsPerMs)));
  const size = Math.abs(value) < 1_000 ? String(roundTo(value, 1)) : formatCount(value);
  return things === undefined ? size : `${size} ${value === 1 ? things[0] : things[1]}`;
}

/** The same for a mark of an axis: no word of what is counted. */
export function formatAxisValue(metric: AlertMetric, value: number): string {
  if (value === 0) return metricWords[metric].unit === 'usd' ? '$0' : '0';
  const { unit } = metricWords[metric];
  if (unit === 'tokens') return formatCount(value);
  return unit === 'count' ? formatValue(metric, value).replace(/ [a-z]{2}.*$/, '') : formatValue(metric, value);
}

/** What is typed beside a field for a limit. */
export function unitWord(metric: AlertMetric): string {
  const { unit, things } = metricWords[metric];
  const words: Record<MetricUnit, string> = {
    ...{ usd: 'US dollars', percent: 'per cent', ms: 'milliseconds', tokens: 'tokens', minutes: 'minutes' },
    count: things?.[1] ?? 'a number',
  };
  return words[unit];
}

/** Without an exponent, which the words for money do not read. */
function writeDecimal(value: number): string {
  const text = String(value);
  return text.includes('e') ? value.toFixed(12) : text;
}

function roundTo(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
