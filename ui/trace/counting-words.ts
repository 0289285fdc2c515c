import type { SpanSkeleton, TraceSummary } from '../api/types.ts';
import { countOf, exactUsd, formatUsd, unknown } from '../components/format.ts';

/** A few words, why they are so, and how loud they are. */
export type Fact = {
  text: string;
  title?: string | undefined;
  tone?: 'danger' | 'warning' | 'muted' | 'amount' | 'tag';
};

/** Whether a span's usage is in the sums, as one of few words and as a sentence. */
export interface Counting {
  state: 'counted' | 'left out' | 'settling' | 'no call';
  short: string;
  /** Goes on with the span that counts instead, where there is one. */
  long: string;
}

const leftOut: Record<'aggregate' | 'wrapper' | 'duplicate', { short: string; long: string; alone: string }> = {
  aggregate: {
    short: 'aggregate',
    long: 'Not counted: aggregate. These tokens are the sum over the model calls below, which are counted themselves.',
    alone: 'Not counted: aggregate. These tokens are the sum over the model calls below, which are counted themselves.',
  },
  wrapper: {
    short: 'wrapper',
    long: 'Not counted: wrapper of',
    alone: 'Not counted: wrapper. The model call inside it is counted.',
  },
  duplicate: {
    short: 'duplicate',
    long: 'Not counted: duplicate of',
    alone: 'Not counted: duplicate. Another span records the same model call and is counted.',
  },
};

/** Every span says whether it counts, and if not, why. */
export function describeCounting(span: SpanSkeleton): Counting {
  if (!span.settled) {
    return {
      state: 'settling',
      short: 'being settled',
      long: 'Being settled: it arrived moments ago, and is not in the sums yet.',
    };
  }
  if (span.counted) {
    const isSum = span.usageScope === 'aggregate';
    return {
      state: 'counted',
      short: 'counted',
      long: isSum
        ? 'Counted: its tokens are a sum over model calls that were not received, so they are counted here.'
        : 'Counted: its tokens and cost are in the sums.',
    };
  }
  const because = span.notCountedBecause ?? 'not_a_model_call';
  if (because === 'not_a_model_call') {
    return { state: 'no call', short: 'no model call', long: 'Not counted: not a model call.' };
  }
  const { short, long, alone } = leftOut[because];
  return { state: 'left out', short, long: (span.countedInstead ?? null) === null ? alone : long };
}

/** `$0.0132`, or a dash with the reason. */
export function describeSpanCost(span: SpanSkeleton): Fact {
  if (!span.settled) return { text: unknown, title: describeCounting(span).long };
  if (!span.counted) return { text: unknown, title: 'Not counted, so no cost of its own is in the sums.' };
  const { usd } = span.cost;
  if (usd === null) {
    const model = span.responseModel ?? span.requestModel;
    const title =
      span.costStatus === 'unpriced_usage'
        ? 'Unknown: what the call reports cannot be priced.'
        : `Unknown: there is no price for ${model ?? 'a model without a name'}.`;
    return { text: unknown, title };
  }
  const whose = span.costStatus === 'reported' ? ', as the emitter reported it: there is no price of ours' : '';
  return { text: formatUsd(usd), title: `${exactUsd(usd)}${whose}` };
}

/** The sum over a trace's counted calls, or a dash with the reason; `note` says how many calls it stands for. */
export function describeTraceCost({ cost, settled }: Pick<TraceSummary, 'cost' | 'settled'>): Fact & { note: string } {
  const { usd, pricedCalls, unpricedCalls } = cost;
  const calls = pricedCalls + unpricedCalls;
  const note = calls === 0 ? '' : `${countOf(pricedCalls, 'call')} priced, ${unpricedCalls} unpriced`;
  if (settled === false) {
    return { text: unknown, title: 'Being settled: its spans arrived moments ago.', note: 'being settled' };
  }
  if (usd === null) {
    const title =
      calls === 0 ? 'No model call, so no cost.' : `Unknown: ${countOf(calls, 'model call')} without a price.`;
    return { text: unknown, title, note };
  }
  const isPart = unpricedCalls > 0;
  return {
    text: `${formatUsd(usd)}${isPart ? '+' : ''}`,
    title: `${exactUsd(usd)}${isPart ? `, without ${countOf(unpricedCalls, 'model call')} that could not be priced` : ''}`,
    note,
  };
}
