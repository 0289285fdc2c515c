import type { Message, Part } from '../contract/messages.ts';
import { parseLossless } from './lossless-json.ts';
import { readStoredMessage } from './stored-message.ts';

/** The four lists of message hashes (hex) that a span or a log record of it names. */
export interface MessageHashes {
  systemInstructions: readonly string[];
  toolDefinitions: readonly string[];
  inputMessages: readonly string[];
  outputMessages: readonly string[];
}

export const contentSides = ['systemInstructions', 'toolDefinitions', 'inputMessages', 'outputMessages'] as const;

export interface SpanContent {
  systemInstructions: Part[];
  toolDefinitions: unknown[];
  inputMessages: Message[];
  outputMessages: Message[];
  /** Named, but not stored (any more). */
  missingMessages: number;
}

/**
 * What a call said: each side from the span itself when it has any of it, else from its log records in their order, joined.
 * A record that says a whole side again, as some emitters send both kinds, is not doubled: records are joined only
 * where they differ as lists.
 */
export function mergeHashes(span: MessageHashes, records: readonly MessageHashes[]): MessageHashes {
  const side = (name: (typeof contentSides)[number]) =>
    span[name].length > 0 ? span[name] : joinRecords(records, name);
  return {
    systemInstructions: side('systemInstructions'),
    toolDefinitions: side('toolDefinitions'),
    inputMessages: side('inputMessages'),
    outputMessages: side('outputMessages'),
  };
}

/** Several messages in one record are a whole side; one message a record is a piece of it. */
function joinRecords(records: readonly MessageHashes[], name: (typeof contentSides)[number]): string[] {
  const wholes = new Set<string>();
  return records.flatMap((record) => {
    const hashes = record[name];
    if (hashes.length < 2) return hashes;
    const key = hashes.join();
    if (wholes.has(key)) return [];
    wholes.add(key);
    return hashes;
  });
}

/** Whether a record became messages that the span shows; such a record is no event as well. */
export function becameMessages(record: MessageHashes): boolean {
  return contentSides.some((name) => record[name].length > 0);
}

/** The texts of the hashes, in their order; `bodies` by hex hash. */
export function readContent(hashes: MessageHashes, bodies: ReadonlyMap<string, string>): SpanContent {
  const present = (list: readonly string[]) => list.flatMap((hash) => bodies.get(hash) ?? []);
  const named = contentSides.reduce((sum, name) => sum + hashes[name].length, 0);
  const found = contentSides.reduce((sum, name) => sum + present(hashes[name]).length, 0);
  return {
    systemInstructions: present(hashes.systemInstructions).flatMap((body) => readStoredMessage(body).parts),
    toolDefinitions: present(hashes.toolDefinitions).map(parseLossless),
    inputMessages: present(hashes.inputMessages).map(readStoredMessage),
    outputMessages: present(hashes.outputMessages).map(readStoredMessage),
    missingMessages: named - found,
  };
}
