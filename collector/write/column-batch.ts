import { messageColumns, spanColumns, spanEventColumns, tables } from '../../migrations/schema.ts';
import { type Appended, type SealedBatch, UnstorableError } from './batch-content.ts';
import { BatchMessages } from './batch-messages.ts';
import { type BatchTables, giveBackTables, takeTables } from './batch-tables.ts';
import type { Insert } from './clickhouse.ts';
import type { KnownMessages } from './known-messages.ts';
import { UnfitValue } from './native/fixed-columns.ts';

/** Where a body's rows go: whole rows, in any order. */
export interface RowSink extends Pick<BatchTables, 'spans' | 'events'> {
  messages: BatchMessages;
  /** What `rollback` goes back to. */
  mark: () => RowMark;
  /** Takes back all that came after the mark, half a row included. */
  rollback: (mark: RowMark) => void;
}

export interface RowMark {
  spans: readonly number[];
  events: readonly number[];
  messages: readonly number[];
  messageRows: number;
}

/** The rows of several bodies as columns, which are sent as Native blocks. */
export class ColumnBatch {
  readonly #tables: BatchTables = takeTables();
  readonly #sink: RowSink;
  #rows = 0;
  #unstorable: UnstorableError | undefined;
  #sealed: SealedBatch | undefined;

  constructor(known: KnownMessages) {
    const { spans, events, messages: table } = this.#tables;
    const messages = new BatchMessages(table, known);
    this.#sink = {
      ...{ spans, events, messages },
      mark: () => ({
        spans: spans.mark(),
        events: events.mark(),
        messages: table.mark(),
        messageRows: table.rows,
      }),
      rollback: (mark) => {
        spans.rollback(mark.spans);
        events.rollback(mark.events);
        table.rollback(mark.messages);
        messages.cut(mark.messageRows);
      },
    };
  }

  /** Spans and log records. */
  get rows(): number {
    return this.#rows;
  }

  /**
   * Adds the rows that `fill` makes of a body of so many bytes; where it throws, none of them. A row that has no room in
   * its columns makes the batch unstorable: whose row it is shows when each body is tried alone.
   */
  append<Told>(bytes: number, fill: (sink: RowSink) => Told): Appended<Told | undefined> {
    const { spans, events } = this.#sink;
    const before = this.#size;
    const rowsBefore = spans.rows + events.rows;
    const mark = this.#sink.mark();
    let told: Told | undefined;
    let unstorableRows = 0;
    try {
      told = fill(this.#sink);
    } catch (cause) {
      this.#sink.rollback(mark);
      if (!(cause instanceof UnfitValue)) throw cause;
      this.#unstorable ??= new UnstorableError(`a row cannot be encoded: ${cause.message}`, { cause });
      unstorableRows = 1;
    }
    const rows = spans.rows + events.rows - rowsBefore + unstorableRows;
    this.#rows += rows;
    return { rows, weightBytes: bytes + this.#size - before, told };
  }

  /** Ends the batch. Called again it gives the same. */
  seal(): SealedBatch {
    if (this.#unstorable !== undefined) throw this.#unstorable;
    return (this.#sealed ??= this.#finish());
  }

  get #size(): number {
    const { spans, events, messages } = this.#tables;
    return spans.size + events.size + messages.size;
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
        this.#sink.messages.learn();
      },
      release: () => {
        giveBackTables(this.#tables);
      },
    };
  }
}
