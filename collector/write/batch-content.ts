import type { Insert } from './clickhouse.ts';

/** Items of one body, by their order in it: from the first, up to but without the second. */
export interface ItemRange {
  from: number;
  to: number;
}

/** What became of a body: how many rows it gave, what they take in memory, and what its sender must be told. */
export interface Appended<Told> {
  rows: number;
  /** About what the rows take in memory until they are stored. */
  weightBytes: number;
  told: Told;
}

/** The inserts of a batch. Their bytes stay as they are: a repeated insert sends the same. */
export interface SealedBatch {
  /** Goes first, alone: no span may name a message that is not there. */
  messages: Insert | undefined;
  rest: readonly Insert[];
  /** Call once when ClickHouse has acknowledged the messages: later batches need not send them again. */
  learnMessages: () => void;
  /** Call once when all of it is stored: its memory is used again. Not to call it costs nothing but that. */
  release: () => void;
}

/** The rows of several bodies that are stored together. */
export interface BatchContent<Body, Told> {
  readonly rows: number;
  /**
   * Adds the rows of a body, or of some of its items. A body that throws leaves nothing behind.
   * @throws whatever makes the whole body unreadable
   */
  append: (body: Body, range?: ItemRange) => Appended<Told>;
  /**
   * Ends the batch; nothing is appended any more. Called again it gives the same.
   * @throws UnstorableError when a row cannot be encoded
   */
  seal: () => SealedBatch;
}

/** These rows can never be stored: trying again cannot help. */
export class UnstorableError extends Error {}
