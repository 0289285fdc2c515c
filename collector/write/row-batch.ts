import { rowEncoder } from '../../migrations/row-binary.ts';
import {
  type Columns,
  messageColumns,
  type MessageRow,
  type Row,
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

const encodeSpans = rowEncoder(spanColumns);
const encodeEvents = rowEncoder(spanEventColumns);
const encodeMessages = rowEncoder(messageColumns);

/** A batch of row objects, encoded as RowBinary. */
export class RowBatch implements BatchContent<WriteRequest, undefined> {
  readonly #known: KnownMessages;
  readonly #requests: WriteRequest[] = [];
  #rows = 0;

  constructor(known: KnownMessages) {
    this.#known = known;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Items are spans, then log records. */
  append(request: WriteRequest, range?: ItemRange): Appended<undefined> {
    const taken = range === undefined ? request : cutRequest(request, range);
    const rows = taken.spans.length + taken.events.length;
    this.#requests.push(taken);
    this.#rows += rows;
    return { rows, weightBytes: weightOf(taken), told: undefined };
  }

  seal(): SealedBatch {
    const messages = this.#known.unknown(this.#requests.map((request) => request.messages));
    const spans = this.#requests.flatMap((request) => request.spans);
    const events = this.#requests.flatMap((request) => request.events);
    return {
      messages: toInsert(tables.messages, messageColumns, encodeMessages, [...messages.values()]),
      rest: [
        toInsert(tables.spans, spanColumns, encodeSpans, spans),
        toInsert(tables.spanEvents, spanEventColumns, encodeEvents, events),
      ].filter((insert) => insert !== undefined),
      learnMessages: () => {
        this.#known.learn(messages);
      },
    };
  }
}

/** About what the request takes in memory: its text, and a row of objects for each of its items. */
function weightOf({ spans, events, messages, bytes }: WriteRequest): number {
  return bytes + (spans.length + events.length) * 2_048 + messages.size * 512;
}

function cutRequest({ spans, events, messages, bytes }: WriteRequest, { from, to }: ItemRange): WriteRequest {
  return {
    spans: spans.slice(from, to),
    events: events.slice(Math.max(0, from - spans.length), Math.max(0, to - spans.length)),
    messages,
    bytes,
  };
}

function toInsert<Table extends Columns>(
  table: string,
  columns: Table,
  encode: (rows: readonly Row<Table>[]) => Buffer,
  rows: readonly Row<Table>[],
): Insert | undefined {
  if (rows.length === 0) return undefined;
  try {
    return { table, columns, format: 'RowBinary', data: [encode(rows)] };
  } catch (cause) {
    throw new UnstorableError(`a row cannot be encoded: ${cause instanceof Error ? cause.message : ''}`, { cause });
  }
}
