import type { messageColumns, MessageRow } from '../../migrations/schema.ts';
import type { MessageSink } from '../map/message-sink.ts';
import type { Bucket } from '../map/store-messages.ts';
import { KeySet } from './key-set.ts';
import type { KnownMessages } from './known-messages.ts';
import { MessagePlace } from './message-place.ts';
import { NumberList } from './native/number-list.ts';
import type { NativeTable } from './native/table.ts';

/** The messages of a batch: those that are not known, each once. */
export class BatchMessages implements MessageSink {
  readonly #table: NativeTable<typeof messageColumns>;
  readonly #known: KnownMessages;
  readonly #place = new MessagePlace();
  #bucket: Bucket = { projectId: '', week: 0, conversation: '', seenNs: 0n };
  /** Of the rows, in their order: the lower and the upper half of each key. */
  readonly #keys = new NumberList();
  readonly #brought = new KeySet();

  constructor(table: NativeTable<typeof messageColumns>, known: KnownMessages) {
    this.#table = table;
    this.#known = known;
  }

  get rows(): number {
    return this.#table.rows;
  }

  enter(bucket: Bucket): void {
    this.#bucket = bucket;
    this.#place.enter(bucket);
  }

  needs(hash: Uint8Array): boolean {
    const low = this.#place.low ^ readUint32(hash, 0);
    const high = this.#place.high ^ readUint32(hash, 4);
    if (this.#known.has(low, high) || !this.#brought.add(low, high)) return false;
    this.#keys.push(low);
    this.#keys.push(high);
    return true;
  }

  add(role: string, body: string, hash: Uint8Array): void {
    this.#table.columns.body.append(body);
    this.#addRest(role, hash);
  }

  addBytes(role: string, source: Buffer, { from, to }: { from: number; to: number }, hash: Uint8Array): void {
    this.#table.columns.body.appendBytes(source, from, to);
    this.#addRest(role, hash);
  }

  addRows(rows: readonly MessageRow[]): void {
    for (const { project_id: projectId, week, conversation, seen, hash, role, body } of rows) {
      this.enter({ projectId, week, conversation, seenNs: seen });
      if (this.needs(hash)) this.add(role, body, hash);
    }
  }

  /** Forgets those behind so many rows; the table goes back by itself. */
  cut(rows: number): void {
    this.#keys.length = rows * 2;
    this.#brought.clear();
    const { values, length } = this.#keys;
    for (let at = 0; at < length; at += 2) this.#brought.add(values[at] ?? 0, values[at + 1] ?? 0);
  }

  /** Call when all of them are acknowledged. */
  learn(): void {
    const { values, length } = this.#keys;
    for (let at = 0; at < length; at += 2) this.#known.learn(values[at] ?? 0, values[at + 1] ?? 0);
  }

  #addRest(role: string, hash: Uint8Array): void {
    const { columns } = this.#table;
    const { projectId, week, conversation, seenNs } = this.#bucket;
    columns.project_id.append(projectId);
    columns.week.append(week);
    columns.conversation.append(conversation);
    columns.hash.append(hash);
    columns.seen.append(seenNs);
    columns.role.append(role);
  }
}

function readUint32(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}
