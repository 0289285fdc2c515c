import type { Readable } from 'node:stream';
import { type Context, Hono } from 'hono';
import type { Gate } from './authenticate.ts';
import { BodyError, BodyReader } from './body.ts';
import { localDoor } from './door.ts';
import type { Intake } from './intake.ts';
import { findEntered, keyDoor } from './key-door.ts';
import { projectRule, readProject } from './project.ts';
import {
  contentTypes,
  crowdedRetryMs,
  type Encoding,
  encodeError,
  encodeSuccess,
  type Refusal,
  rpcCodes,
  type Signal,
} from './reply.ts';
import { tellRefusals, toldRefusal, wasTaken } from './tell-refusals.ts';
import type { RequestListener } from './visitor.ts';

export interface ReceiverDeps {
  intake: Intake;
  /** True when ClickHouse answers. */
  isReady: () => Promise<boolean>;
  /** A request that failed for a reason of ours; never payloads. */
  onError: (error: unknown, path: string) => void;
  /** Present where a key is needed. */
  gate?: Gate | undefined;
  /** Hears of requests that never came to the intake. */
  listener?: RequestListener | undefined;
  /** The collector's own numbers, in the format of Prometheus. */
  writeMetrics?: (() => Promise<string>) | undefined;
}

/** Where exporters of each kind post; `/api/public/otel` is Langfuse's, `/otel` LangSmith's. */
const prefixes = ['', '/api/public/otel', '/otel'] as const;

/** Prometheus's text format. */
const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** The OTLP/HTTP port: every request goes through the door and the intake. Does no I/O of its own. */
export function createReceiver(deps: ReceiverDeps): Hono {
  const app = new Hono();
  const bodies = new BodyReader({}, deps.intake.receiving);
  const isLocal = deps.gate === undefined;
  const refuse = (c: Context, refusal: Refusal) => errorReply(replyEncoding(c), refusal);
  if (deps.listener !== undefined) app.use(tellRefusals(deps.listener, { isLocal }));
  app.use(localDoor(refuse, { isLocal }));
  if (deps.gate !== undefined) app.use(keyDoor(deps.gate, refuse));
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  // Anybody may ask: all who ask at one time share one question.
  let running: Promise<boolean> | undefined;
  const isReady = () => {
    running ??= deps.isReady().finally(() => (running = undefined));
    return running;
  };
  app.get('/readyz', async (c) =>
    (await isReady())
      ? c.json({ status: 'ok' })
      : c.json({ status: 'unavailable', reason: 'ClickHouse does not answer' }, 503),
  );
  const { writeMetrics } = deps;
  if (writeMetrics !== undefined) {
    app.get('/metrics', async (c) => c.body(await writeMetrics(), 200, { 'content-type': metricsContentType }));
  }
  const endpointOf = (signal: Signal): Endpoint => ({ signal, bodies, intake: deps.intake, isKeyNeeded: !isLocal });
  for (const prefix of prefixes) {
    for (const signal of ['traces', 'logs', 'metrics'] as const) {
      app.post(`${prefix}/v1/${signal}`, (c) => receive(c, endpointOf(signal)));
      app.all(`${prefix}/v1/${signal}`, (c) =>
        errorReply(
          replyEncoding(c),
          { status: 405, message: `${prefix}/v1/${signal} takes POST only` },
          { allow: 'POST' },
        ),
      );
    }
  }
  app.notFound((c) =>
    errorReply(replyEncoding(c), {
      status: 404,
      message: `no such path: ${c.req.path.slice(0, 200)}; spans go to /v1/traces, GenAI log records to /v1/logs`,
    }),
  );
  app.onError((error, c) => {
    deps.onError(error, c.req.path);
    return errorReply(replyEncoding(c), { status: 500, message: 'the collector failed; its log says why' });
  });
  return app;
}

interface Endpoint {
  signal: Signal;
  intake: Intake;
  bodies: BodyReader;
  isKeyNeeded: boolean;
}

async function receive(c: Context, { signal, intake, bodies, isKeyNeeded }: Endpoint): Promise<Response> {
  const encoding = encodingOf(c.req.header('content-type'));
  if (encoding === undefined) {
    const sent = (c.req.header('content-type') ?? '').slice(0, 100);
    const message = `Content-Type "${sent}" is none of ${contentTypes.protobuf}, ${contentTypes.json}`;
    return errorReply('json', { status: 415, message });
  }
  const entered = findEntered(c.req.raw);
  if (isKeyNeeded && entered === undefined) throw new Error('a request passed the door without a key');
  const { projectId, keyId } = entered ?? {
    projectId: readProject(c.req.header('x-sightglass-project')),
  };
  if (projectId === undefined) return errorReply(encoding, { status: 400, message: projectRule });
  try {
    const body = await bodies.read(c.req.raw, incomingOf(c));
    const userAgent = c.req.header('user-agent');
    const answer = await intake.take({ signal, encoding, projectId, body, userAgent, keyId });
    bodies.reuse(body);
    wasTaken(c);
    if (answer.status !== 200) return errorReply(encoding, answer);
    return new Response(encodeSuccess(encoding, signal, answer.partial), {
      headers: { 'content-type': contentTypes[encoding] },
    });
  } catch (error) {
    if (!(error instanceof BodyError)) throw error;
    const { status, message } = error;
    return errorReply(encoding, { status, message, retryAfterMs: status === 429 ? crowdedRetryMs : undefined });
  }
}

/** The request as Node has it; none where the app is called without a server. */
function incomingOf(c: Context): Readable | undefined {
  const env = c.env as { incoming?: Readable } | undefined;
  return env?.incoming;
}

function errorReply(encoding: Encoding, refusal: Refusal, headers: Record<string, string> = {}): Response {
  const { status, message, retryAfterMs } = refusal;
  const retry = retryAfterMs === undefined ? undefined : { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) };
  const challenge = status === 401 ? { 'www-authenticate': 'Bearer realm="sightglass"' } : undefined;
  const response = new Response(encodeError(encoding, rpcCodes[status], message), {
    status,
    headers: { 'content-type': contentTypes[encoding], ...retry, ...challenge, ...headers },
  });
  return toldRefusal(response, message);
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
