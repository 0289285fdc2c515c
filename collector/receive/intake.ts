import type { MessageRow } from '../../migrations/schema.ts';
import { findLogFault, findSpanFault, timeBounds } from '../map/fault.ts';
import { eventName, mapLog } from '../map/log.ts';
import { mapSpan } from '../map/span.ts';
import { messageKey } from '../map/store-messages.ts';
import type { WriteOutcome, WriteRequest } from '../write/batcher.ts';
import { ReceivingBudget } from './body.ts';
import * as jsonDecoder from './json.ts';
import { type Decoded, MalformedBody, OversizedBody, type Reject } from './otlp.ts';
import * as protobufDecoder from './protobuf.ts';
import type { Encoding, PartialSuccess, Refusal, Signal } from './reply.ts';

export interface IntakeDeps {
  submit: (request: WriteRequest) => Promise<WriteOutcome>;
  retentionDays: number;
  nowMs: () => number;
}

/** The body of one export request, decompressed, as any port has received it. */
export interface TakenBody {
  signal: Signal;
  encoding: Encoding;
  projectId: string;
  body: Uint8Array;
}

/** What the sender is told, in whatever way its protocol says it. 200: what is not in `partial` is durable. */
export type Answer = { status: 200; partial: PartialSuccess | undefined } | Refusal;

/** What all ports share: one budget for what is being received, one way from bytes to an answer. */
export interface Intake {
  receiving: ReceivingBudget;
  take(body: TakenBody): Promise<Answer>;
}

const decoders = { protobuf: protobufDecoder, json: jsonDecoder } as const;
const rejectReasonsShown = 5;
/** Different messages of one request: a message of three bytes becomes a row of hundreds. Above it 413. */
const messagesMax = 500_000;

/** Decodes, maps and hands over; answers when the rows are stored. Does no I/O of its own. */
export function createIntake(deps: IntakeDeps): Intake {
  return {
    receiving: new ReceivingBudget(),
    take: async (body) => {
      try {
        return await take(body, deps);
      } catch (error) {
        if (error instanceof MalformedBody) return { status: error.status, message: error.message };
        throw error;
      }
    },
  };
}

async function take(taken: TakenBody, deps: IntakeDeps): Promise<Answer> {
  if (taken.signal === 'metrics') return answerMetrics(decoders[taken.encoding].countDataPoints(taken.body));
  const { request, rejects } = taken.signal === 'traces' ? mapTraces(taken, deps) : mapLogs(taken, deps);
  const isEmpty = request.spans.length + request.events.length === 0;
  return answerOutcome(isEmpty ? { status: 'stored' } : await deps.submit(request), rejects);
}

function answerMetrics(dataPoints: number): Answer {
  const partial = { rejected: dataPoints, message: 'metrics are not stored' };
  return { status: 200, partial: dataPoints === 0 ? undefined : partial };
}

interface Mapped {
  request: WriteRequest;
  rejects: Reject[];
}

function mapTraces({ encoding, body, projectId }: TakenBody, deps: IntakeDeps): Mapped {
  const bounds = timeBounds(deps.nowMs(), deps.retentionDays);
  const request: WriteRequest = { spans: [], events: [], messages: new Map(), bytes: body.length };
  const rejects = keepGood(
    decoders[encoding].decodeTraces(body),
    (span) => findSpanFault(span, bounds),
    (span) => {
      const { row, messages } = mapSpan(span, projectId);
      request.spans.push(row);
      addMessages(request.messages, messages);
    },
  );
  return { request, rejects };
}

function mapLogs({ encoding, body, projectId }: TakenBody, deps: IntakeDeps): Mapped {
  const bounds = timeBounds(deps.nowMs(), deps.retentionDays);
  const request: WriteRequest = { spans: [], events: [], messages: new Map(), bytes: body.length };
  const seen = new Map<string, number>();
  let sequence = 0;
  const rejects = keepGood(
    decoders[encoding].decodeLogs(body),
    (record) => findLogFault(record, eventName(record), bounds),
    (record) => {
      const { row, messages } = mapLog(record, projectId, sequence++, seen);
      request.events.push(row);
      addMessages(request.messages, messages);
    },
  );
  return { request, rejects };
}

function keepGood<Item>(
  { items, places, rejects }: Decoded<Item>,
  findFault: (item: Item) => string | undefined,
  keep: (item: Item) => void,
): Reject[] {
  const all = [...rejects];
  items.forEach((item, index) => {
    const reason = findFault(item);
    const place = places[index];
    if (reason === undefined || place === undefined) keep(item);
    else all.push({ reason, place });
  });
  return all;
}

/** Each message of a conversation and week once: a history comes again with every call. */
function addMessages(into: Map<string, MessageRow>, messages: readonly MessageRow[]): void {
  for (const row of messages) into.set(messageKey(row), row);
  if (into.size > messagesMax) throw new OversizedBody(messagesMax, 'messages');
}

function answerOutcome(outcome: WriteOutcome, rejects: Reject[]): Answer {
  switch (outcome.status) {
    case 'stored': {
      const partial = { rejected: rejects.length, message: describeRejects(rejects) };
      return { status: 200, partial: rejects.length === 0 ? undefined : partial };
    }
    case 'refused':
      return { status: 400, message: `these rows cannot be stored: ${outcome.reason}` };
    case 'overloaded':
      return {
        status: 429,
        message: 'too much is waiting to be stored; try again',
        retryAfterMs: outcome.retryAfterMs,
      };
    case 'unavailable':
      return {
        status: 503,
        message: 'ClickHouse does not take inserts; nothing was acknowledged; try again',
        retryAfterMs: outcome.retryAfterMs,
      };
  }
}

/** `3 rejected: 2 × trace id is all zeros (first: resourceSpans[0].scopeSpans[0].spans[1]); 1 × …` */
function describeRejects(rejects: Reject[]): string {
  const byReason = Map.groupBy(rejects, ({ reason }) => reason);
  const shown = [...byReason].slice(0, rejectReasonsShown);
  const parts = shown.map(([reason, list]) => {
    const where = list[0] === undefined ? '' : `${list[0].place.list}[${String(list[0].place.index)}]`;
    return `${String(list.length)} × ${reason} (first: ${where})`;
  });
  const more = byReason.size > shown.length ? `; and ${String(byReason.size - shown.length)} more reasons` : '';
  return `${String(rejects.length)} rejected: ${parts.join('; ')}${more}`;
}
