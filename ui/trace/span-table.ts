import type { SpanSkeleton } from '../api/types.ts';

const growth = 1.5;
const firstCapacity = 1_024;

/**
 * Every span of one trace received so far, in order of arrival. An index never changes its span id, so
 * selection, collapse and row keys survive spans that arrive later. Not reactive: a trace may hold 100,000.
 */
export class SpanTable {
  readonly spans: SpanSkeleton[] = [];
  readonly #indexes = new Map<string, number>();
  #startNs = new BigUint64Array(firstCapacity);
  #endNs = new BigUint64Array(firstCapacity);

  get length(): number {
    return this.spans.length;
  }

  /** Nanoseconds since 1970 by span index; 0 where the span has no such time. */
  get startNs(): BigUint64Array {
    return this.#startNs.subarray(0, this.length);
  }

  get endNs(): BigUint64Array {
    return this.#endNs.subarray(0, this.length);
  }

  /** Adds new spans and replaces those that were sent again; answers how many were new. */
  add(batch: readonly SpanSkeleton[]): number {
    const before = this.length;
    this.#reserve(before + batch.length);
    for (const span of batch) {
      const known = this.#indexes.get(span.spanId);
      const index = known ?? this.length;
      this.spans[index] = span;
      this.#indexes.set(span.spanId, index);
      this.#startNs[index] = BigInt(span.startTimeUnixNano);
      this.#endNs[index] = BigInt(span.endTimeUnixNano);
    }
    return this.length - before;
  }

  /** The index of a span, or -1. */
  indexOf(spanId: string | null | undefined): number {
    return spanId ? (this.#indexes.get(spanId) ?? -1) : -1;
  }

  #reserve(count: number): void {
    if (count <= this.#startNs.length) return;
    const capacity = Math.max(count, Math.ceil(this.#startNs.length * growth));
    const grow = (old: BigUint64Array) => {
      const next = new BigUint64Array(capacity);
      next.set(old);
      return next;
    };
    this.#startNs = grow(this.#startNs);
    this.#endNs = grow(this.#endNs);
  }
}
