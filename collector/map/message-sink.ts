import type { MessageRow } from '../../migrations/schema.ts';
import type { Bucket } from './store-messages.ts';

/** Where messages go that are to be stored. It knows which of them are stored already. */
export interface MessageSink {
  /** Where what follows belongs, until it is called again. */
  enter: (bucket: Bucket) => void;
  /** True, once, where the message of this hash is not stored yet: it must be added then. */
  needs: (hash: Uint8Array) => boolean;
  add: (role: string, body: string, hash: Uint8Array) => void;
  /** @param source holds the body as UTF-8 */
  addBytes: (role: string, source: Buffer, place: { from: number; to: number }, hash: Uint8Array) => void;
  /** Rows of any bucket, those that are needed. */
  addRows: (rows: readonly MessageRow[]) => void;
}
