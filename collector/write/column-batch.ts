import {
  messageColumns,
  type MessageRow,
  spanColumns,
  spanEventColumns,
  type SpanEventRow,
  type SpanRow,
  tables,
} from '../../migrations/schema.ts';
import {
  type Appended,
  type BatchContent,
  type ItemRange,
  type SealedBatch,
  UnstorableError,
} from './batch-content.ts';
import { type BatchTables, giveBackTables, takeTables } from './batch-tables.ts';
import type { Insert } from './clickhouse.ts';
import type { KnownMessages } from './known-messages.ts';

/** The rows of one export request. */
export interface WriteRequest {
  spans: SpanRow[];
  events: SpanEventRow[];
  /** By `messageKey`. */
  messages: Map<string, MessageRow>;
  /** Size of the request's body once decompressed. */
  bytes: number;
}

/** A batch that holds its rows as columns, which are sent as Native blocks. */
export class ColumnBatch implements BatchContent<WriteRequest, undefined> {
  readonly #known: KnownMessages;
  readonly #tables: BatchTables = takeTables();
  /** Keys of the messages that it brings. */
  readonly #fresh = new Set<string>();
  #rows = 0;
  #unstorable: UnstorableError | undefined;
  #sealed: SealedBatch | undefined;

  constructor(known: KnownMessages) {
    this.#known = known;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Items are spans, then log records. */
  append(request: WriteRequest, range?: ItemRange): Appended<undefined> {
    const { spans, events, messages } = this.#tables;
    const taken = range === undefined ? request : cutRequest(request, range);
    const before = spans.size + events.size + messages.size;
    this.#appendAll(taken);
    const rows = taken.spans.length + taken.events.length;
    this.#rows += rows;
    const weightBytes = request.bytes + spans.size + events.size + messages.size - before;
    return { rows, weightBytes, told: undefined };
  }

  seal(): SealedBatch {
    if (this.#unstorable !== undefined) throw this.#unstorable;
    return (this.#sealed ??= this.#finish());
  }

  /** A row that has no room in its columns makes the batch unstorable; whose row it is shows when each body is tried alone. */
  #appendAll(request: WriteRequest): void {
    const { spans, events, messages } = this.#tables;
    try {
      for (const row of request.spans) spans.append(row);
      for (const row of request.events) events.append(row);
      for (const [key, row] of this.#known.unknown([request.messages])) {
        if (this.#fresh.has(key)) continue;
        messages.append(row);
        this.#fresh.add(key);
      }
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : '';
      this.#unstorable ??= new UnstorableError(`a row cannot be encoded: ${reason}`, { cause });
    }
  }

  #finish(): SealedBatch {
    const { spans, events, messages } = this.#tables;
    const rest: Insert[] = [];
    if (spans.rows > 0) {
      rest.push({ table: tables.spans, columns: spanColumns, format: 'Native', data: spans.finish() });
    }
    if (events.rows > 0) {
      rest.push({ table: tables.spanEvents, columns: spanEventColumns, format: 'Native', data: events.finish() });
    }
    return {
      messages:
        messages.rows === 0
          ? undefined
          : { table: tables.messages, columns: messageColumns, format: 'Native', data: messages.finish() },
      rest,
      learnMessages: () => {
        this.#known.learn(this.#fresh);
      },
      release: () => {
        giveBackTables(this.#tables);
      },
    };
  }
}

function cutRequest({ spans, events, messages, bytes }: WriteRequest, { from, to }: ItemRange): WriteRequest {
  return {
    spans: spans.slice(from, to),
    events: events.slice(Math.max(0, from - spans.length), Math.max(0, to - spans.length)),
    messages,
    bytes,
  };
}
