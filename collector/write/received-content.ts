import type { Appended, BatchContent, ItemRange, SealedBatch } from './batch-content.ts';

/** Makes an empty batch; `nowMs` says when the body that is just being appended was received. */
export type NewContent<Body, Told> = (nowMs: () => number) => BatchContent<Body, Told>;

/** A body and when it was received: by then its times are judged, however late it is stored. */
export interface Received<Body> {
  body: Body;
  receivedAtMs: number;
}

/** A body, or some of its items. */
export interface Piece<Body> extends Received<Body> {
  range?: ItemRange | undefined;
}

/** A batch of bodies that were received at different times. */
export class ReceivedContent<Body, Told> {
  readonly #content: BatchContent<Body, Told>;
  #nowMs = 0;

  constructor(newContent: NewContent<Body, Told>) {
    this.#content = newContent(() => this.#nowMs);
  }

  get rows(): number {
    return this.#content.rows;
  }

  /** @throws whatever makes the whole body unreadable */
  append({ body, receivedAtMs, range }: Piece<Body>): Appended<Told> {
    this.#nowMs = receivedAtMs;
    return this.#content.append(body, range);
  }

  /** @throws UnstorableError */
  seal(): SealedBatch {
    return this.#content.seal();
  }
}
