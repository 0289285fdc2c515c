import type { SessionRow, SessionTraceRow, TraceRow } from '../../../migrations/schema.ts';
import type { LedgerEntry } from './booking.ts';
import { compareSkeletons, modelOf, type Attribution, type Skeleton } from './skeleton.ts';
import type { TraceTree } from './trace-tree.ts';
import { decodeTurns, encodeTurns } from './turns-json.ts';
import { cutTrace, type GivenMessages, joinTurns, userFacingSpans } from './turns.ts';

/** Distinct agents, models and other names that a summary holds; the first of them by time. */
export const namesMax = 20;
const previewLength = 200;
/** Traces beyond this many are not looked at when a session is summed up. */
export const sessionTracesMax = 10_000;

/** All that a summary is made of: one trace as settlement decided it. */
export interface TraceFacts {
  projectId: string;
  traceId: string;
  tree: TraceTree;
  attributions: ReadonlyMap<Skeleton, Attribution>;
  given: ReadonlyMap<Skeleton, GivenMessages>;
  /** What log records say of a span that says nothing itself. */
  recorded: ReadonlyMap<Skeleton, { inputPreview: string; outputPreview: string }>;
  entries: ReadonlyMap<Skeleton, LedgerEntry>;
  lastIngestedMs: number;
  /** Of a trace too large to hold: what its other spans add, and sums in place of entries. */
  large?: { rest: RestOfTrace; sums: EntrySums } | undefined;
}

/** What all spans of a trace have together. */
export interface RestOfTrace {
  spanCount: bigint;
  errorCount: bigint;
  firstStartNs: bigint;
  lastStartNs: bigint;
  endNs: bigint;
  /** Arrivals. */
  firstMs: number;
  lastMs: number;
  /** Days since 1970 on which spans start. */
  days: number[];
  inputPreview: string;
  outputPreview: string;
  names: Names;
}

/** A summary without what the pass adds that writes it. */
export type Unstamped<Summary> = Omit<Summary, 'pass' | 'is_deleted' | 'digest'>;

/**
 * One trace as lists show it. It has the name, start and status of its root (the first span sent without a parent); without
 * one its earliest span names it and any failed span makes it failed.
 */
export function summarizeTrace(facts: TraceFacts): Unstamped<TraceRow> {
  const { tree, projectId, traceId } = facts;
  const roots = tree.spans.filter(({ parentSpanId }) => parentSpanId === '');
  const spans = rootsFirst(tree.spans);
  const [first] = spans;
  if (first === undefined) throw new Error(`trace ${traceId} has no spans`);
  const who = facts.attributions.get(first);
  const deciding = roots.length > 0 ? roots : tree.spans;
  const startNs = deciding[0]?.startNs ?? first.startNs;
  const read = previewReader(facts);
  return {
    project_id: projectId,
    trace_id: Buffer.from(traceId, 'hex'),
    start_time: startNs,
    end_time: maxOf(startNs, latestEnd(tree.spans)),
    ...spanStarts(tree),
    name: first.name,
    root_span_id: roots.length > 0 ? Buffer.from(first.spanId, 'hex') : new Uint8Array(8),
    status: deciding.some(({ isError }) => isError) ? 'error' : 'ok',
    ...countSpans(spans),
    ...namesOf(spans, facts),
    session_id: who?.sessionId ?? '',
    user_id: who?.userId ?? '',
    labels: who?.labels ?? new Map(),
    input_preview: cut(firstText(spans.map((span) => read(span).inputPreview))),
    output_preview: cut(
      read(first).outputPreview || firstText(latestFirst(tree.spans).map((span) => read(span).outputPreview)),
    ),
    ...(facts.large?.sums.total() ?? sumEntries(tree.spans, facts)),
    last_ingested_at: BigInt(facts.lastIngestedMs),
    ...(facts.large === undefined ? {} : wholeTrace(facts.large.rest, startNs)),
  };
}

function wholeTrace(rest: RestOfTrace, startNs: bigint): Partial<Unstamped<TraceRow>> {
  return {
    end_time: maxOf(startNs, rest.endNs),
    first_span_start: rest.firstStartNs,
    last_span_start: rest.lastStartNs,
    span_count: rest.spanCount,
    error_count: rest.errorCount,
    input_preview: cut(rest.inputPreview),
    output_preview: cut(rest.outputPreview),
    ...rest.names,
  };
}

/** What the trace adds to each session that any of its spans belongs to. */
export function summarizeSessionTraces(facts: TraceFacts): Unstamped<SessionTraceRow>[] {
  const bySession = Map.groupBy(facts.tree.spans, (span) => facts.attributions.get(span)?.sessionId ?? '');
  bySession.delete('');
  return [...bySession].map(([sessionId, members]) => summarizePart(facts, sessionId, members));
}

function summarizePart(facts: TraceFacts, sessionId: string, members: readonly Skeleton[]): Unstamped<SessionTraceRow> {
  const { tree, projectId, traceId } = facts;
  const inSession = new Set(members);
  const spans = rootsFirst(members);
  const [top] = spans;
  const read = previewReader(facts);
  const facing = userFacingSpans(tree, facts.given);
  const isFacing = (span: Skeleton) => facing.has(span) && span.kind !== 'tool';
  // What a call was told and said is words; what went into a chain may be any JSON.
  const inputs = [...members.filter((span) => isFacing(span) && facts.given.has(span)), ...spans.filter(isFacing)];
  const ended = latestFirst(members).filter(isFacing);
  const outputs = [...ended.filter(({ kind }) => kind === 'llm'), ...ended];
  const startNs = members[0]?.startNs ?? 0n;
  const tops = members.filter((span) => {
    const parent = tree.parentOf(span);
    return parent === undefined || !inSession.has(parent);
  });
  return {
    project_id: projectId,
    session_id: sessionId,
    trace_id: Buffer.from(traceId, 'hex'),
    start_time: startNs,
    end_time: latestEnd(members),
    ...spanStarts(tree),
    user_id: firstText(spans.map((span) => facts.attributions.get(span)?.userId ?? '')),
    status: tops.some(({ isError }) => isError) ? 'error' : 'ok',
    ...countSpans(spans),
    ...namesOf(spans, facts),
    labels: (top && facts.attributions.get(top)?.labels) ?? new Map(),
    first_input: cut(firstText(inputs.map((span) => read(span).inputPreview))),
    last_output: cut(firstText(outputs.map((span) => read(span).outputPreview))),
    turns: encodeTurns(cutTrace(traceId, tree, facts.given, (span) => inSession.has(span))),
    ...(facts.large?.sums.of(sessionId) ?? sumEntries(members, facts)),
    ...(facts.large === undefined ? {} : partOfLarge(facts.large.rest)),
  };
}

/** Spans that were not held are not told apart: each session of a very large trace has all of it as its surroundings. */
function partOfLarge(rest: RestOfTrace): Partial<Unstamped<SessionTraceRow>> {
  return {
    first_span_start: rest.firstStartNs,
    last_span_start: rest.lastStartNs,
    end_time: rest.endNs,
    span_count: rest.spanCount,
    error_count: rest.errorCount,
    tools: rest.names.tools,
    kinds: rest.names.kinds,
    first_input: cut(rest.inputPreview),
    last_output: cut(rest.outputPreview),
  };
}

/** A session from what its traces add to it; undefined where none is left. */
export function summarizeSession(parts: readonly Unstamped<SessionTraceRow>[]): Unstamped<SessionRow> | undefined {
  const sorted = [...parts].sort(
    (a, b) => compareBig(a.start_time, b.start_time) || Buffer.compare(a.trace_id, b.trace_id),
  );
  const [first] = sorted;
  if (first === undefined) return undefined;
  const ended = [...sorted].sort(
    (a, b) => compareBig(b.end_time, a.end_time) || Buffer.compare(b.trace_id, a.trace_id),
  );
  const names = (read: (part: Unstamped<SessionTraceRow>) => readonly string[]) => distinct(sorted.flatMap(read));
  const sum = (read: (part: Unstamped<SessionTraceRow>) => bigint) =>
    sorted.reduce((total, part) => total + read(part), 0n);
  const costs = sorted.flatMap(({ cost_usd: cost }) => (cost === null ? [] : [cost]));
  const turns = joinTurns(
    sorted.flatMap((part) => decodeTurns(Buffer.from(part.trace_id).toString('hex'), part.turns)),
  );
  return {
    project_id: first.project_id,
    session_id: first.session_id,
    start_time: first.start_time,
    end_time: ended[0]?.end_time ?? first.end_time,
    user_id: firstText(sorted.map(({ user_id: user }) => user)),
    status: sorted.some(({ status }) => status === 'error') ? 'error' : 'ok',
    turn_count: BigInt(turns.length),
    trace_count: BigInt(sorted.length),
    span_count: sum((part) => part.span_count),
    error_count: sum((part) => part.error_count),
    kinds: names(({ kinds }) => kinds),
    services: names(({ services }) => services),
    environments: names(({ environments }) => environments),
    providers: names(({ providers }) => providers),
    agents: names(({ agents }) => agents),
    models: names(({ models }) => models),
    tools: names(({ tools }) => tools),
    labels: firstLabels(sorted),
    first_input: firstText(sorted.map(({ first_input: text }) => text)),
    last_output: firstText(ended.map(({ last_output: text }) => text)),
    model_calls: sum((part) => part.model_calls),
    input_tokens: sum((part) => part.input_tokens),
    output_tokens: sum((part) => part.output_tokens),
    cache_read_tokens: sum((part) => part.cache_read_tokens),
    cache_write_tokens: sum((part) => part.cache_write_tokens),
    reasoning_tokens: sum((part) => part.reasoning_tokens),
    priced_calls: sum((part) => part.priced_calls),
    unpriced_calls: sum((part) => part.unpriced_calls),
    cost_usd: costs.length === 0 ? null : costs.reduce((total, cost) => total + cost, 0n),
  };
}

function rootsFirst(spans: readonly Skeleton[]): Skeleton[] {
  const isRoot = ({ parentSpanId }: Skeleton) => parentSpanId === '';
  return [...spans.filter(isRoot), ...spans.filter((span) => !isRoot(span))];
}

function latestFirst(spans: readonly Skeleton[]): Skeleton[] {
  return [...spans].sort((a, b) => compareBig(b.endNs, a.endNs) || compareSkeletons(b, a));
}

function spanStarts({ spans }: TraceTree): Pick<TraceRow, 'first_span_start' | 'last_span_start'> {
  return { first_span_start: spans[0]?.startNs ?? 0n, last_span_start: spans.at(-1)?.startNs ?? 0n };
}

function countSpans(spans: readonly Skeleton[]): Pick<TraceRow, 'span_count' | 'error_count'> {
  return {
    span_count: BigInt(spans.length),
    error_count: BigInt(spans.reduce((count, { isError }) => count + (isError ? 1 : 0), 0)),
  };
}

export type Names = Pick<TraceRow, 'kinds' | 'services' | 'environments' | 'providers' | 'agents' | 'models' | 'tools'>;

function namesOf(spans: readonly Skeleton[], { attributions }: TraceFacts): Names {
  return {
    kinds: distinct(spans.map(({ kind }) => kind)),
    services: distinct(spans.map(({ serviceName }) => serviceName)),
    environments: distinct(spans.map(({ environment }) => environment)),
    providers: distinct(spans.map(({ provider }) => provider)),
    agents: distinct(spans.map((span) => attributions.get(span)?.agentName ?? '')),
    models: distinct(spans.map(modelOf)),
    tools: distinct(spans.map(({ toolName }) => toolName)),
  };
}

type Writable<Row> = { -readonly [Name in keyof Row]: Row[Name] };
export type Sums = Writable<
  Pick<
    TraceRow,
    | 'model_calls'
    | 'input_tokens'
    | 'output_tokens'
    | 'cache_read_tokens'
    | 'cache_write_tokens'
    | 'reasoning_tokens'
    | 'priced_calls'
    | 'unpriced_calls'
    | 'cost_usd'
  >
>;

function sumEntries(spans: readonly Skeleton[], { entries }: TraceFacts): Sums {
  const sums = new EntrySums();
  for (const span of spans) {
    const entry = entries.get(span);
    if (entry !== undefined) sums.add(entry);
  }
  return sums.total();
}

/** Sums of ledger entries, all together and by session. */
export class EntrySums {
  readonly #total = noSums();
  readonly #bySession = new Map<string, Sums>();

  add(entry: LedgerEntry): void {
    addEntry(this.#total, entry);
    const ofSession = this.#bySession.get(entry.sessionId) ?? noSums();
    addEntry(ofSession, entry);
    this.#bySession.set(entry.sessionId, ofSession);
  }

  total(): Sums {
    return { ...this.#total };
  }

  of(sessionId: string): Sums {
    return { ...(this.#bySession.get(sessionId) ?? noSums()) };
  }
}

function noSums(): Sums {
  return {
    model_calls: 0n,
    input_tokens: 0n,
    output_tokens: 0n,
    cache_read_tokens: 0n,
    cache_write_tokens: 0n,
    reasoning_tokens: 0n,
    priced_calls: 0n,
    unpriced_calls: 0n,
    cost_usd: null,
  };
}

function addEntry(sums: Sums, entry: LedgerEntry): void {
  sums.model_calls += entry.modelCalls;
  sums.input_tokens += entry.inputTokens;
  sums.output_tokens += entry.outputTokens;
  sums.cache_read_tokens += entry.cacheReadTokens;
  sums.cache_write_tokens += entry.cacheWriteTokens;
  sums.reasoning_tokens += entry.reasoningTokens;
  sums.priced_calls += entry.pricedCalls;
  sums.unpriced_calls += entry.unpricedCalls;
  if (entry.costedRows > 0n) sums.cost_usd = (sums.cost_usd ?? 0n) + entry.cost;
}

function previewReader({ recorded }: TraceFacts) {
  return (span: Skeleton) => {
    const logs = recorded.get(span);
    return {
      inputPreview: span.inputPreview || (logs?.inputPreview ?? ''),
      outputPreview: span.outputPreview || (logs?.outputPreview ?? ''),
    };
  };
}

/** The first of them by time, without ''. */
function distinct(values: readonly string[]): string[] {
  const found = new Set<string>();
  for (const value of values) {
    if (value !== '') found.add(value);
    if (found.size === namesMax) break;
  }
  return [...found];
}

/** Of each key the first value, of at most so many keys. */
function firstLabels(parts: readonly { labels: ReadonlyMap<string, string> }[]): Map<string, string> {
  const labels = new Map<string, string>();
  for (const part of parts) {
    for (const [key, value] of part.labels)
      if (labels.size < sessionLabelsMax && !labels.has(key)) labels.set(key, value);
  }
  return labels;
}

const sessionLabelsMax = 64;

function firstText(texts: readonly string[]): string {
  return texts.find((text) => text !== '') ?? '';
}

function cut(text: string): string {
  return text.length <= previewLength ? text : Array.from(text).slice(0, previewLength).join('');
}

function latestEnd(spans: readonly Skeleton[]): bigint {
  return spans.reduce((latest, { endNs }) => maxOf(latest, endNs), spans[0]?.endNs ?? 0n);
}

function maxOf(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function compareBig(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
