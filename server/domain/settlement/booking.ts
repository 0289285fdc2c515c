import type { CallPrice } from '../prices/price-call.ts';
import type { NotCountedBecause } from './counting.ts';
import type { Decision } from './decide.ts';
import { modelOf, type Skeleton, type TokenCounts } from './skeleton.ts';

/** What the ledger says of one span: who, what, whether it counts and why, how much, at which price. Amounts are unsigned. */
export interface LedgerEntry extends TokenCounts {
  projectId: string;
  /** Lower-case hex, as all ids here; '' = none. */
  traceId: string;
  spanId: string;
  startNs: bigint;
  environment: string;
  serviceName: string;
  sessionId: string;
  userId: string;
  agentName: string;
  agentVersion: string;
  /** Sorted by key: equal labels are equal text. */
  labels: readonly (readonly [key: string, value: string])[];
  provider: string;
  model: string;
  requestModel: string;
  kind: string;
  operation: string;
  serviceTier: string;
  isBatch: boolean;
  isError: boolean;
  usageScope: 'call' | 'aggregate' | '';
  counted: boolean;
  notCountedBecause: NotCountedBecause | '';
  countedInsteadTraceId: string;
  countedInsteadSpanId: string;
  status: CallPrice['status'] | '';
  modelCalls: bigint;
  pricedCalls: bigint;
  unpricedCalls: bigint;
  /** 1 where the amount is known. */
  costedRows: bigint;
  /** 10^-12 dollars. */
  cost: bigint;
  /** 10^-12 dollars as the emitter said; 0 where it said nothing. */
  reportedCost: bigint;
  /** JSON. */
  price: string;
  priceVersion: string;
}

/** An entry as a row of the ledger: +1 books it, -1 takes it back. */
export interface SignedEntry {
  sign: 1 | -1;
  entry: LedgerEntry;
}

/** One text for a span of a project. */
export function spanKey({ projectId, traceId, spanId }: Pick<LedgerEntry, 'projectId' | 'traceId' | 'spanId'>): string {
  return traceId + spanId + projectId;
}

const nothing: TokenCounts &
  Pick<LedgerEntry, 'modelCalls' | 'pricedCalls' | 'unpricedCalls' | 'costedRows' | 'cost' | 'reportedCost'> = {
  inputTokens: 0n,
  outputTokens: 0n,
  cacheReadTokens: 0n,
  cacheWriteTokens: 0n,
  cacheWrite5mTokens: 0n,
  cacheWrite1hTokens: 0n,
  reasoningTokens: 0n,
  inputAudioTokens: 0n,
  outputAudioTokens: 0n,
  modelCalls: 0n,
  pricedCalls: 0n,
  unpricedCalls: 0n,
  costedRows: 0n,
  cost: 0n,
  reportedCost: 0n,
};

/**
 * The entry of a decision. A span that does not count has amounts of 0 and its reason; an aggregate that counts brings tokens
 * and cost, but no model call. Only counted spans are priced.
 */
export function bookDecision(
  projectId: string,
  { span, verdict, attribution }: Decision,
  priceOf: (span: Skeleton & { projectId: string }) => CallPrice,
): LedgerEntry {
  const price = verdict.counted ? priceOf({ ...span, projectId }) : undefined;
  const instead = verdict.counted ? undefined : verdict.instead;
  return {
    ...nothing,
    ...(price === undefined ? {} : countedAmounts({ span, price })),
    projectId,
    traceId: span.traceId,
    spanId: span.spanId,
    startNs: span.startNs,
    environment: span.environment,
    serviceName: span.serviceName,
    sessionId: attribution.sessionId,
    userId: attribution.userId,
    agentName: attribution.agentName,
    agentVersion: attribution.agentVersion,
    labels: [...attribution.labels].sort(([a], [b]) => (a < b ? -1 : 1)),
    provider: span.provider,
    model: modelOf(span),
    requestModel: span.requestModel,
    kind: span.kind,
    operation: span.operation,
    serviceTier: span.serviceTier,
    isBatch: span.isBatch,
    isError: span.isError,
    usageScope: span.usageScope,
    counted: verdict.counted,
    notCountedBecause: verdict.counted ? '' : verdict.because,
    countedInsteadTraceId: instead?.traceId ?? '',
    countedInsteadSpanId: instead?.spanId ?? '',
    status: price?.status ?? '',
    price: price === undefined ? '' : JSON.stringify(price.price),
    priceVersion: price?.priceVersion ?? '',
  };
}

function countedAmounts({ span, price }: { span: Decision['span']; price: CallPrice }): typeof nothing {
  const calls = span.usageScope === 'call' ? 1n : 0n;
  const isKnown = price.amount !== null;
  return {
    ...nothing,
    ...(span.hasUsage ? span.tokens : {}),
    modelCalls: calls,
    pricedCalls: isKnown ? calls : 0n,
    unpricedCalls: isKnown ? 0n : calls,
    costedRows: isKnown ? 1n : 0n,
    cost: price.amount ?? 0n,
    reportedCost: span.reportedCost ?? 0n,
  };
}

/**
 * The rows that bring the ledger from what it holds to what it should hold: nothing where they agree, the opposite row and a
 * new one where a decision changed. Heals any state: what is booked twice is taken back once, what was taken back once too
 * often is booked again.
 */
export function diffLedger(booked: readonly SignedEntry[], wanted: readonly LedgerEntry[]): SignedEntry[] {
  const open = new Map<string, { entry: LedgerEntry; missing: number }>();
  const add = (entry: LedgerEntry, missing: number) => {
    const key = keyOf(entry);
    const known = open.get(key);
    if (known === undefined) open.set(key, { entry, missing });
    else known.missing += missing;
  };
  for (const { entry, sign } of booked) add(entry, -sign);
  // Most spans are booked for the first time: there is nothing to compare them with.
  const bookedSpans = new Set(booked.map(({ entry }) => spanKey(entry)));
  const first: SignedEntry[] = [];
  for (const entry of wanted) {
    if (bookedSpans.has(spanKey(entry))) add(entry, 1);
    else first.push({ entry, sign: 1 });
  }
  const changed = [...open.values()].flatMap(({ entry, missing }) =>
    Array.from({ length: Math.abs(missing) }, () => ({ entry, sign: missing > 0 ? (1 as const) : (-1 as const) })),
  );
  return [...changed, ...first];
}

/** Equal for entries that say the same. */
function keyOf(entry: LedgerEntry): string {
  const names = Object.keys(entry).sort() as (keyof LedgerEntry)[];
  return JSON.stringify(names.map((name) => (typeof entry[name] === 'bigint' ? String(entry[name]) : entry[name])));
}
