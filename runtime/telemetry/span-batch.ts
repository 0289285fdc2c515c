import type { Logger } from 'pino';
import type { Span } from './span.ts';
import type { SendOutcome } from './span-sender.ts';

/** One request has no more than these, as encoding it holds up all turns: for some 5 ms. A turn that has more is sent in several. */
const spansMax = 200;
const charactersMax = 1024 * 1024;

export interface BatchOptions<Item> {
  send(spans: readonly Span[]): Promise<SendOutcome>;
  /** All spans of these items were taken. */
  acknowledge(items: Item[]): Promise<void>;
  log: Pick<Logger, 'warn'>;
}

/** The collector does not take spans now. */
export class CollectorAwayError extends Error {
  override readonly name = 'CollectorAwayError';
}

/** Gathers the spans of several items into requests, and acknowledges an item when the last of its spans was taken. */
export class SpanBatch<Item> {
  readonly #options: BatchOptions<Item>;
  #spans: Span[] = [];
  #characters = 0;
  #items: Item[] = [];

  constructor(options: BatchOptions<Item>) {
    this.#options = options;
  }

  /** Throws a CollectorAwayError, as `flush` does; then nothing more may be added. */
  async add(item: Item, spans: readonly Span[]): Promise<void> {
    for (const span of spans) {
      const size = sizeOf(span);
      if (this.#spans.length >= spansMax || (this.#spans.length > 0 && this.#characters + size > charactersMax))
        await this.flush();
      this.#spans.push(span);
      this.#characters += size;
    }
    this.#items.push(item);
  }

  async flush(): Promise<void> {
    const [spans, items] = [this.#spans, this.#items];
    [this.#spans, this.#characters, this.#items] = [[], 0, []];
    if (spans.length > 0) await this.#deliver(spans);
    if (items.length > 0) await this.#options.acknowledge(items);
  }

  /** What is refused is halved until it is one span, which then is given up: it would stand in the way of all others for ever. */
  async #deliver(spans: readonly Span[]): Promise<void> {
    const outcome = await this.#options.send(spans);
    if (outcome.status === 'sent') return;
    if (outcome.status === 'away') throw new CollectorAwayError(outcome.message);
    const [first] = spans;
    if (spans.length > 1) {
      const half = Math.ceil(spans.length / 2);
      await this.#deliver(spans.slice(0, half));
      await this.#deliver(spans.slice(half));
    } else if (first !== undefined) {
      const { traceId, spanId, name } = first;
      this.#options.log.warn(
        { traceId, spanId, name, reason: outcome.message },
        'the collector refuses a span: it is dropped',
      );
    }
  }
}

function sizeOf({ attributes }: Span): number {
  let characters = 500;
  for (const value of Object.values(attributes)) characters += typeof value === 'string' ? value.length : 20;
  return characters;
}
