import type { Json } from '../../lossless-json.ts';
import type { CanonicalMessage } from '../message.ts';

/** How a list in JSON becomes messages, each element by itself. */
export interface ListReader {
  /** Different for each, 0 to 3. */
  id: number;
  read: (element: Json) => CanonicalMessage;
  /** A list of parts alone is one message: not for `MessageLists`. */
  joinsParts: boolean;
}

const listReaders = new WeakMap<object, ListReader>();

/** Says that what `read` makes of a list as JSON text is what the list reader makes of its elements. Gives `read`. */
export function readsLists<Read extends object>(read: Read, reader: ListReader): Read {
  listReaders.set(read, reader);
  return read;
}

/** The list reader of a function that `readsLists` was told of. */
export function findListReader(read: object): ListReader | undefined {
  return listReaders.get(read);
}
