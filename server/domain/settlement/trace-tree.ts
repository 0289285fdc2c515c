import { compareSkeletons, type Skeleton } from './skeleton.ts';

/**
 * The spans of one trace with their parents. Each span is there once; a parent that was not received, or that would close a
 * circle, is no parent.
 */
export class TraceTree {
  /** In order of start. */
  readonly spans: readonly Skeleton[];
  readonly #parents = new Map<Skeleton, Skeleton>();
  readonly #children = new Map<Skeleton, Skeleton[]>();

  constructor(spans: readonly Skeleton[]) {
    this.spans = [...spans].sort(compareSkeletons);
    const byId = new Map(this.spans.map((span) => [span.spanId, span]));
    for (const span of this.spans) {
      const parent = byId.get(span.parentSpanId);
      if (parent !== undefined && parent !== span) this.#parents.set(span, parent);
    }
    this.#openCircles();
    for (const [span, parent] of this.#parents) {
      const siblings = this.#children.get(parent);
      if (siblings === undefined) this.#children.set(parent, [span]);
      else siblings.push(span);
    }
  }

  parentOf(span: Skeleton): Skeleton | undefined {
    return this.#parents.get(span);
  }

  /** In order of start. */
  childrenOf(span: Skeleton): readonly Skeleton[] {
    return this.#children.get(span) ?? [];
  }

  /** Spans without a parent, in order of start. */
  roots(): Skeleton[] {
    return this.spans.filter((span) => !this.#parents.has(span));
  }

  /**
   * The nearest descendants that `isWanted`, not looking below those nor below what `isWall`. Without recursion: a hostile
   * trace may be a chain of a million spans.
   */
  nearestBelow(
    span: Skeleton,
    isWanted: (below: Skeleton) => boolean,
    isWall: (below: Skeleton) => boolean,
  ): Skeleton[] {
    const found: Skeleton[] = [];
    const open = [...this.childrenOf(span)];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (isWanted(next)) found.push(next);
      else if (!isWall(next)) this.#open(next, open);
    }
    return found.sort(compareSkeletons);
  }

  /** Parents before their children. */
  *topDown(): Generator<Skeleton> {
    const open = this.roots();
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      yield next;
      this.#open(next, open);
    }
  }

  /** One by one: as arguments of one call, half a million children are too many. */
  #open(span: Skeleton, open: Skeleton[]): void {
    for (const child of this.childrenOf(span)) open.push(child);
  }

  /** Cuts the link that closes a circle at its earliest span, so that the cut does not depend on arrival. */
  #openCircles(): void {
    const done = new Set<Skeleton>();
    for (const start of this.spans) {
      const path = new Set<Skeleton>();
      for (let at: Skeleton | undefined = start; at !== undefined && !done.has(at); at = this.#parents.get(at)) {
        if (path.has(at)) {
          this.#parents.delete(earliestOfCircle(at, this.#parents));
          break;
        }
        path.add(at);
      }
      for (const span of path) done.add(span);
    }
  }
}

function earliestOfCircle(from: Skeleton, parents: ReadonlyMap<Skeleton, Skeleton>): Skeleton {
  let earliest = from;
  for (let at = parents.get(from); at !== undefined && at !== from; at = parents.get(at)) {
    if (compareSkeletons(at, earliest) < 0) earliest = at;
  }
  return earliest;
}
