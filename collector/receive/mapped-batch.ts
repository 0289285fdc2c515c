import { findLogFault, findSpanFault, timeBounds } from '../map/fault.ts';
import { eventName, mapLog } from '../map/log.ts';
import { mapSpan } from '../map/span.ts';
import type { Appended, BatchContent, ItemRange, SealedBatch } from '../write/batch-content.ts';
import { ColumnBatch, type RowSink } from '../write/column-batch.ts';
import type { KnownMessages } from '../write/known-messages.ts';
import { FastTraces } from './fast-traces.ts';
import { describeItem, type Findings, serviceOf } from './findings.ts';
import * as jsonDecoder from './json.ts';
import { type Attributes, type Decoded, OversizedBody, type RejectedItem } from './otlp.ts';
import * as protobufDecoder from './protobuf.ts';
import type { Encoding, Signal } from './reply.ts';

/** The body of one export request, decompressed, as any port has received it. */
export interface TakenBody {
  signal: Exclude<Signal, 'metrics'>;
  encoding: Encoding;
  projectId: string;
  body: Uint8Array;
}

export interface MappingDeps {
  known: KnownMessages;
  retentionDays: number;
  nowMs: () => number;
}

/** What it learns of senders is the same in every batch. */
const fastTraces = new FastTraces();
const decoders = { protobuf: protobufDecoder, json: jsonDecoder } as const;
/** New messages of one request: a message of three bytes becomes a row of hundreds. Above it 413. */
const messagesMax = 500_000;

/** A batch of export requests: each is decoded, judged and mapped when it is added. Tells what it found. */
export class MappedBatch implements BatchContent<TakenBody, Findings> {
  readonly #deps: MappingDeps;
  readonly #rows: ColumnBatch;

  constructor(deps: MappingDeps) {
    this.#deps = deps;
    this.#rows = new ColumnBatch(deps.known);
  }

  get rows(): number {
    return this.#rows.rows;
  }

  /** @throws MalformedBody */
  append(taken: TakenBody, range?: ItemRange): Appended<Findings> {
    const map = taken.signal === 'traces' ? mapTraces : mapLogs;
    const appended = this.#rows.append(taken.body.length, (sink) => map(taken, { ...this.#deps, range, sink }));
    return { ...appended, told: appended.told ?? { taken: new Map(), rejects: [] } };
  }

  seal(): SealedBatch {
    return this.#rows.seal();
  }
}

interface Mapping extends MappingDeps {
  range: ItemRange | undefined;
  sink: RowSink;
}

function mapTraces({ encoding, body, projectId }: TakenBody, mapping: Mapping): Findings {
  const { spans, messages } = mapping.sink;
  const bounds = timeBounds(mapping.nowMs(), mapping.retentionDays);
  const limitMessages = messageLimit(messages);
  // Some of a body are wanted where something is wrong with it: that is not for the fast path.
  if (encoding === 'protobuf' && mapping.range === undefined) {
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
    const findings = fastTraces.append({ body: bytes, projectId, bounds, limitMessages }, mapping.sink);
    if (findings !== undefined) return findings;
  }
  return keepGood(decoders[encoding].decodeTraces(body), mapping.range, {
    findFault: (span) => findSpanFault(span, bounds),
    describe: describeItem,
    keep: (span) => {
      const mapped = mapSpan(span, projectId);
      spans.append(mapped.row);
      messages.addRows(mapped.messages);
      limitMessages();
    },
  });
}

function mapLogs({ encoding, body, projectId }: TakenBody, mapping: Mapping): Findings {
  const { events, messages } = mapping.sink;
  const bounds = timeBounds(mapping.nowMs(), mapping.retentionDays);
  const limitMessages = messageLimit(messages);
  const seen = new Map<string, number>();
  let sequence = 0;
  return keepGood(decoders[encoding].decodeLogs(body), mapping.range, {
    findFault: (record) => findLogFault(record, eventName(record), bounds),
    describe: (record) => describeItem({ ...record, name: eventName(record) }),
    skip: (record) => {
      mapLog(record, projectId, sequence++, seen); // the id of a record depends on those before it
    },
    keep: (record) => {
      const mapped = mapLog(record, projectId, sequence++, seen);
      events.append(mapped.row);
      messages.addRows(mapped.messages);
      limitMessages();
    },
  });
}

/** Throws when more messages came since than one request may bring. */
function messageLimit(messages: { readonly rows: number }): () => void {
  const most = messages.rows + messagesMax;
  return () => {
    if (messages.rows > most) throw new OversizedBody(messagesMax, 'messages');
  };
}

interface Judge<Item> {
  findFault: (item: Item) => string | undefined;
  describe: (item: Item) => RejectedItem;
  keep: (item: Item) => void;
  /** A good item outside of the range. */
  skip?: (item: Item) => void;
}

function keepGood<Item extends { resource: Attributes }>(
  { items, places, rejects }: Decoded<Item>,
  range: ItemRange | undefined,
  { findFault, describe, keep, skip }: Judge<Item>,
): Findings {
  const all = [...rejects];
  const takenOf = new Map<Attributes, number>();
  items.forEach((item, index) => {
    const reason = findFault(item);
    if (range !== undefined && (index < range.from || index >= range.to)) {
      if (reason === undefined) skip?.(item);
      return;
    }
    const place = places[index];
    if (reason !== undefined && place !== undefined) {
      all.push({ reason, place, item: describe(item) });
      return;
    }
    keep(item);
    takenOf.set(item.resource, (takenOf.get(item.resource) ?? 0) + 1);
  });
  return { taken: byService(takenOf), rejects: all };
}

/** Resources of one service are one sender. */
function byService(takenOf: ReadonlyMap<Attributes, number>): Map<string, number> {
  const taken = new Map<string, number>();
  for (const [resource, count] of takenOf) {
    const service = serviceOf(resource);
    taken.set(service, (taken.get(service) ?? 0) + count);
  }
  return taken;
}
