import { isUtf8 } from 'node:buffer';
import { type Context, Hono } from 'hono';
import type { MessageRow } from '../../migrations/schema.ts';
import { findLogFault, findSpanFault, timeBounds } from '../map/fault.ts';
import { eventName, mapLog } from '../map/log.ts';
import { mapSpan } from '../map/span.ts';
import { messageKey } from '../map/store-messages.ts';
import type { WriteOutcome, WriteRequest } from '../write/batcher.ts';
import { BodyError, BodyReader } from './body.ts';
import { localDoor } from './door.ts';
import * as jsonDecoder from './json.ts';
import { type Decoded, MalformedBody, OversizedBody, type Reject } from './otlp.ts';
import * as protobufDecoder from './protobuf.ts';
import { contentTypes, type Encoding, encodeError, encodeSuccess, type Signal } from './reply.ts';

export interface ReceiverDeps {
  submit: (request: WriteRequest) => Promise<WriteOutcome>;
  /** True when ClickHouse answers. */
  isReady: () => Promise<boolean>;
  retentionDays: number;
  nowMs: () => number;
  /** A request that failed for a reason of ours; never payloads. */
  onError: (error: unknown, path: string) => void;
}

/** Where exporters of each kind post; `/api/public/otel` is Langfuse's, `/otel` LangSmith's. */
const prefixes = ['', '/api/public/otel', '/otel'] as const;
const decoders = { protobuf: protobufDecoder, json: jsonDecoder } as const;
const rejectReasonsShown = 5;
/** Different messages of one request: a message of three bytes becomes a row of hundreds. Above it 413. */
const messagesMax = 500_000;
/** For a sender that came while too much was being received. */
const crowdedRetryMs = 1_000;
const projectPattern = /^[^\p{Cc}]{1,128}$/u;

/** google.rpc.Code of each HTTP status that is answered. */
const rpcCodes = { 400: 3, 403: 7, 404: 12, 405: 12, 413: 8, 415: 3, 421: 3, 429: 8, 500: 13, 503: 14 } as const;
type ErrorStatus = keyof typeof rpcCodes;

/** The OTLP/HTTP port: decodes, maps and hands over; answers when the rows are stored. Does no I/O of its own. */
export function createReceiver(deps: ReceiverDeps): Hono {
  const app = new Hono();
  const bodies = new BodyReader();
  app.use(localDoor((c, status, message) => errorReply(replyEncoding(c), status, message)));
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', async (c) =>
    (await deps.isReady())
      ? c.json({ status: 'ok' })
      : c.json({ status: 'unavailable', reason: 'ClickHouse does not answer' }, 503),
  );
  for (const prefix of prefixes) {
    for (const signal of ['traces', 'logs', 'metrics'] as const) {
      app.post(`${prefix}/v1/${signal}`, (c) => receive(c, { signal, deps, bodies }));
      app.all(`${prefix}/v1/${signal}`, (c) =>
        errorReply(replyEncoding(c), 405, `${prefix}/v1/${signal} takes POST only`, { allow: 'POST' }),
      );
    }
  }
  app.notFound((c) =>
    errorReply(
      replyEncoding(c),
      404,
      `no such path: ${c.req.path.slice(0, 200)}; spans go to /v1/traces, GenAI log records to /v1/logs`,
    ),
  );
  app.onError((error, c) => {
    deps.onError(error, c.req.path);
    return errorReply(replyEncoding(c), 500, 'the collector failed; its log says why');
  });
  return app;
}

interface Endpoint {
  signal: Signal;
  deps: ReceiverDeps;
  bodies: BodyReader;
}

async function receive(c: Context, { signal, deps, bodies }: Endpoint): Promise<Response> {
  const encoding = encodingOf(c.req.header('content-type'));
  if (encoding === undefined) {
    const sent = (c.req.header('content-type') ?? '').slice(0, 100);
    return errorReply('json', 415, `Content-Type "${sent}" is none of ${contentTypes.protobuf}, ${contentTypes.json}`);
  }
  const projectId = readProject(c.req.header('x-sightglass-project'));
  if (!projectPattern.test(projectId)) {
    return errorReply(encoding, 400, 'x-sightglass-project is not a name of 1 to 128 characters');
  }
  try {
    const body = await bodies.read(c.req.raw);
    if (signal === 'metrics') return metricsReply(encoding, decoders[encoding].countDataPoints(body));
    const decoded =
      signal === 'traces' ? mapTraces(encoding, body, projectId, deps) : mapLogs(encoding, body, projectId, deps);
    const { request, rejects } = decoded;
    const outcome: WriteOutcome =
      request.spans.length + request.events.length === 0 ? { status: 'stored' } : await deps.submit(request);
    return outcomeReply(encoding, signal, outcome, rejects);
  } catch (error) {
    if (error instanceof BodyError) {
      return errorReply(encoding, error.status, error.message, error.status === 429 ? retryAfter(crowdedRetryMs) : {});
    }
    if (error instanceof MalformedBody) return errorReply(encoding, error.status, error.message);
    throw error;
  }
}

/** Header values arrive as Latin-1; senders mean UTF-8. */
function readProject(header: string | undefined): string {
  if (header === undefined) return 'default';
  const bytes = Buffer.from(header, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : header;
}

interface Mapped {
  request: WriteRequest;
  rejects: Reject[];
}

function mapTraces(encoding: Encoding, body: Uint8Array, projectId: string, deps: ReceiverDeps): Mapped {
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

function mapLogs(encoding: Encoding, body: Uint8Array, projectId: string, deps: ReceiverDeps): Mapped {
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

function outcomeReply(encoding: Encoding, signal: Signal, outcome: WriteOutcome, rejects: Reject[]): Response {
  switch (outcome.status) {
    case 'stored':
      return success(
        encoding,
        signal,
        rejects.length === 0 ? undefined : { rejected: rejects.length, message: describeRejects(rejects) },
      );
    case 'refused':
      return errorReply(encoding, 400, `these rows cannot be stored: ${outcome.reason}`);
    case 'overloaded':
      return errorReply(encoding, 429, 'too much is waiting to be stored; try again', retryAfter(outcome.retryAfterMs));
    case 'unavailable':
      return errorReply(
        encoding,
        503,
        'ClickHouse does not take inserts; nothing was acknowledged; try again',
        retryAfter(outcome.retryAfterMs),
      );
  }
}

function metricsReply(encoding: Encoding, dataPoints: number): Response {
  const partial = { rejected: dataPoints, message: 'metrics are not stored' };
  return success(encoding, 'metrics', dataPoints === 0 ? undefined : partial);
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

function success(
  encoding: Encoding,
  signal: Signal,
  partial: { rejected: number; message: string } | undefined,
): Response {
  return new Response(encodeSuccess(encoding, signal, partial), {
    headers: { 'content-type': contentTypes[encoding] },
  });
}

function errorReply(
  encoding: Encoding,
  status: ErrorStatus,
  message: string,
  headers: Record<string, string> = {},
): Response {
  return new Response(encodeError(encoding, rpcCodes[status], message), {
    status,
    headers: { 'content-type': contentTypes[encoding], ...headers },
  });
}

function retryAfter(retryAfterMs: number): Record<string, string> {
  return { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) };
}

/** The request's own encoding where it has one of ours. */
function replyEncoding(c: Context): Encoding {
  return encodingOf(c.req.header('content-type')) ?? 'json';
}

function encodingOf(contentType: string | undefined): Encoding | undefined {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  if (type === contentTypes.protobuf) return 'protobuf';
  return type === contentTypes.json ? 'json' : undefined;
}
