import type { StoredDelivery } from '../../domain/alerts/delivery.ts';
import type { Db } from '../../queries/db.ts';
import { readLatestStep } from '../../queries/deliveries.ts';
import { deadStepMs, type DeliveryWriter } from '../../queries/delivery-writer.ts';

/** Numbers that are remembered as unseen; with more of them something else is wrong. */
const unseenMax = 1_000;

export type DeliveryChange = Partial<Pick<StoredDelivery, 'state' | 'isPosted' | 'tries' | 'nextAtMs' | 'attempts'>>;

/**
 * Takes deliveries from one step to the next. The number of a step is a compare-and-swap: it is written under its own token, of
 * which ClickHouse stores one, and read back.
 */
export class DeliverySteps {
  readonly #db: Db;
  readonly #writer: DeliveryWriter;
  readonly #owner: string;
  readonly #monotonicMs: () => number;
  /** Steps whose token ClickHouse knows though no row has them, and since when: it died between the two. */
  readonly #unseen = new Map<string, { step: number; sinceMs: number }>();
  #attempts = 0;

  constructor(options: { db: Db; writer: DeliveryWriter; owner: string; monotonicMs: () => number }) {
    this.#db = options.db;
    this.#writer = options.writer;
    this.#owner = options.owner;
    this.#monotonicMs = options.monotonicMs;
  }

  /** The delivery as it is now; undefined: somebody else took it from there. Throws where ClickHouse does not answer. */
  async take(before: StoredDelivery, change: DeliveryChange): Promise<StoredDelivery | undefined> {
    return this.write(this.prepare(before, change));
  }

  /** The next step, still to be written: an insert that was not answered is repeated with the same. */
  prepare(before: StoredDelivery, change: DeliveryChange): StoredDelivery {
    // A name of this attempt alone: a row of another, whose answer was lost, is not taken for this one.
    this.#attempts += 1;
    return { ...before, ...change, step: this.#nextStep(before), owner: `${this.#owner}/${this.#attempts}` };
  }

  async write(next: StoredDelivery): Promise<StoredDelivery | undefined> {
    await this.#writer.writeStep(next);
    const latest = await readLatestStep(this.#db, next);
    if (latest?.step === next.step && latest.owner === next.owner) {
      this.#unseen.delete(next.deliveryId);
      return next;
    }
    if ((latest?.step ?? -1) < next.step) this.#noteUnseen(next);
    return undefined;
  }

  #nextStep({ deliveryId, step }: StoredDelivery): number {
    const unseen = this.#unseen.get(deliveryId);
    const isDead = unseen?.step === step + 1 && this.#monotonicMs() - unseen.sinceMs > deadStepMs;
    return isDead ? step + 2 : step + 1;
  }

  #noteUnseen({ deliveryId, step }: StoredDelivery): void {
    if (this.#unseen.get(deliveryId)?.step === step) return;
    if (this.#unseen.size >= unseenMax) this.#unseen.clear();
    this.#unseen.set(deliveryId, { step, sinceMs: this.#monotonicMs() });
  }
}
