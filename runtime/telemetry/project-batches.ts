import type { SpanBatch } from './span-batch.ts';
import type { Span } from './span.ts';

/** Gathers spans into requests, each of which is of one project: the collector takes the project from the request. */
export class ProjectBatches<Item> {
  readonly #open: (project: string | undefined) => SpanBatch<Item>;
  readonly #batches = new Map<string | undefined, SpanBatch<Item>>();

  /** `open` makes an empty batch of a project; undefined is the default one. */
  constructor(open: (project: string | undefined) => SpanBatch<Item>) {
    this.#open = open;
  }

  /** As a SpanBatch does. */
  async add(item: Item, spans: readonly Span[], project: string | undefined): Promise<void> {
    const batch = this.#batches.get(project) ?? this.#open(project);
    this.#batches.set(project, batch);
    await batch.add(item, spans);
  }

  async flush(): Promise<void> {
    for (const batch of this.#batches.values()) await batch.flush();
  }
}
