import { compareSkeletons, modelOf, type Skeleton, totalTokens } from './skeleton.ts';

/** Copies of one call lie this close together; response ids are not compared over longer times. */
export const duplicateWindowNs = 600_000_000_000n;
/** A response id that more spans share is no identity (a test double that answers the same id to everybody). */
export const sharedResponseIdMax = 32;
/** Of many equal calls at once, each is compared with so many that start after it: a copy starts close to its original. */
const lookAheadMax = 256;

/**
 * Groups of spans that are one call, seen by several instrumentations: in other traces or beside each other. `candidates` are
 * spans that count in their own trace. Groups of one are left out; the order of the candidates does not matter.
 */
export function findDuplicates(candidates: readonly Skeleton[]): Skeleton[][] {
  const sorted = [...candidates].sort(compareSkeletons);
  const groups = new Groups();
  const reused = findReusedIds(sorted);
  const idOf = (span: Skeleton) => (reused.has(span) ? '' : span.responseId);
  for (const cluster of sameResponse(sorted, idOf)) groups.join(cluster);
  for (const [a, b] of sameCall(sorted, { groups, idOf })) groups.join([a, b]);
  return groups.all();
}

/** The response id of a span, where it tells one call from another. */
type IdOf = (span: Skeleton) => string;

/**
 * Spans whose response id is given to several calls: one instrumentation saw it twice, one after the other, within the window
 * (a server that answers the same id to everybody). Depends on a span's neighbours in time alone.
 */
function findReusedIds(sorted: readonly Skeleton[]): Set<Skeleton> {
  const reused = new Set<Skeleton>();
  const alike = Map.groupBy(
    sorted.filter(({ responseId }) => responseId !== ''),
    ({ responseId, scopeName }) => `${responseId}\0${scopeName}`,
  );
  for (const spans of alike.values()) {
    spans.forEach((span, index) => {
      const next = spans[index + 1];
      if (next === undefined || next.startNs - span.startNs > duplicateWindowNs || isInsideOrClose(span, next)) return;
      reused.add(span);
      reused.add(next);
    });
  }
  return reused;
}

/**
 * The record of a call that is kept: one with usage, with the cache split, with most fields; then the earliest. The others are
 * its duplicates.
 */
export function keepBest(group: readonly Skeleton[]): Skeleton {
  const [best] = [...group].sort((a, b) => richness(b) - richness(a) || compareSkeletons(a, b));
  if (best === undefined) throw new Error('a group has members');
  return best;
}

function richness(span: Skeleton): number {
  const { cacheReadTokens, cacheWriteTokens, reasoningTokens } = span.tokens;
  const texts = [
    span.provider,
    span.requestModel,
    span.responseModel,
    span.responseId,
    span.serviceTier,
    span.inputPreview,
    span.outputPreview,
  ];
  const fields = texts.filter((value) => value !== '').length + (reasoningTokens > 0n ? 1 : 0);
  return (span.hasUsage ? 10_000 : 0) + (cacheReadTokens + cacheWriteTokens > 0n ? 1_000 : 0) + fields;
}

/** Spans of equal, non-empty response id that lie within the window of the first of them. */
function sameResponse(sorted: readonly Skeleton[], idOf: IdOf): Skeleton[][] {
  const byId = Map.groupBy(
    sorted.filter((span) => idOf(span) !== ''),
    idOf,
  );
  return [...byId.values()]
    .flatMap(clusterByTime)
    .filter((cluster) => cluster.length > 1 && cluster.length <= sharedResponseIdMax);
}

function clusterByTime(sorted: readonly Skeleton[]): Skeleton[][] {
  const clusters: Skeleton[][] = [];
  for (const span of sorted) {
    const last = clusters.at(-1);
    if (last?.[0] !== undefined && span.startNs - last[0].startNs <= duplicateWindowNs) last.push(span);
    else clusters.push([span]);
  }
  return clusters;
}

/**
 * Pairs that are suspected to be one call though a response id is missing on at least one side: other instrumentation, same
 * service, same totals, one model family, and one inside the other in time. Spans of one scope are never merged: parallel
 * calls may be equal. Each span gets at most one partner of each other scope, the closest in time.
 */
function sameCall(
  sorted: readonly Skeleton[],
  { groups, idOf }: { groups: Groups; idOf: IdOf },
): [Skeleton, Skeleton][] {
  const pairs: [Skeleton, Skeleton][] = [];
  const alike = Map.groupBy(
    sorted.filter((span) => span.hasUsage && totalTokens(span) > 0n),
    ({ serviceName, tokens }) => `${serviceName}\0${String(tokens.inputTokens)}\0${String(tokens.outputTokens)}`,
  );
  for (const spans of alike.values()) {
    const options = closePairs(spans, idOf);
    const taken = new Set<string>();
    for (const { a, b } of options) {
      const keys = [partnerKey(groups.idOf(a), b.scopeName), partnerKey(groups.idOf(b), a.scopeName)];
      if (keys.some((key) => taken.has(key)) || groups.idOf(a) === groups.idOf(b)) continue;
      for (const key of keys) taken.add(key);
      pairs.push([a, b]);
    }
  }
  return pairs;
}

function partnerKey(id: string, scope: string): string {
  return `${id}\0${scope}`;
}

/** Pairs that may be one call, the best overlap first. Spans are in order of start, so the look ahead ends early. */
function closePairs(spans: readonly Skeleton[], idOf: IdOf): { a: Skeleton; b: Skeleton }[] {
  const pairs: { a: Skeleton; b: Skeleton; apartNs: bigint }[] = [];
  spans.forEach((a, index) => {
    const end = Math.min(spans.length, index + 1 + lookAheadMax);
    for (let next = index + 1; next < end; next += 1) {
      const b = spans[next];
      if (b === undefined || b.startNs > a.endNs) break;
      if (mayBeOneCall(a, b, idOf)) pairs.push({ a, b, apartNs: abs(a.startNs - b.startNs) + abs(a.endNs - b.endNs) });
    }
  });
  return pairs.sort((x, y) =>
    x.apartNs === y.apartNs ? compareSkeletons(x.a, y.a) || compareSkeletons(x.b, y.b) : x.apartNs < y.apartNs ? -1 : 1,
  );
}

function mayBeOneCall(a: Skeleton, b: Skeleton, idOf: IdOf): boolean {
  return (
    a.scopeName !== b.scopeName &&
    (idOf(a) === '' || idOf(b) === '') &&
    a.usageScope === b.usageScope &&
    isSameFamily(modelOf(a), modelOf(b)) &&
    isInsideOrClose(a, b)
  );
}

/** `gpt-4o` and `gpt-4o-2024-08-06` are one family, `gpt-4o` and `gpt-4o-mini` are two; an unknown model may be any. */
export function isSameFamily(a: string, b: string): boolean {
  const [first, second] = [family(a), family(b)];
  return first === '' || second === '' || first === second;
}

function family(model: string): string {
  return model
    .toLowerCase()
    .replace(/^.*\//, '')
    .replace(/[-@_](\d{4}-\d{2}-\d{2}|\d{8}|\d{4}|latest)$/, '');
}

/** One interval inside the other, or nine tenths of the longer one shared. */
function isInsideOrClose(a: Skeleton, b: Skeleton): boolean {
  const isInside = (inner: Skeleton, outer: Skeleton) => inner.startNs >= outer.startNs && inner.endNs <= outer.endNs;
  if (isInside(a, b) || isInside(b, a)) return true;
  const shared = (a.endNs < b.endNs ? a.endNs : b.endNs) - (a.startNs > b.startNs ? a.startNs : b.startNs);
  const longer = a.endNs - a.startNs > b.endNs - b.startNs ? a.endNs - a.startNs : b.endNs - b.startNs;
  return shared > 0n && shared * 10n >= longer * 9n;
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** Disjoint sets of spans. */
class Groups {
  readonly #groupOf = new Map<Skeleton, Skeleton[]>();

  join(spans: readonly Skeleton[]): void {
    const members = new Set(spans.flatMap((span) => this.#groupOf.get(span) ?? [span]));
    const group = [...members].sort(compareSkeletons);
    for (const span of group) this.#groupOf.set(span, group);
  }

  /** A name for the group that a span is in, or for the span alone. */
  idOf(span: Skeleton): string {
    const first = this.#groupOf.get(span)?.[0] ?? span;
    return `${first.traceId}${first.spanId}`;
  }

  all(): Skeleton[][] {
    return [...new Set(this.#groupOf.values())];
  }
}
