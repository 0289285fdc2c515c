import {
  Client,
  type ClientOptions,
  compressionAlgorithms,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { decodeMessage } from './otlp-encode.ts';

const paths = {
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  unknown: '/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export',
} as const;

export interface GrpcReply {
  /** 0 = taken. */
  code: number;
  message: string;
  /** The reply's bytes; empty without one. */
  body: Buffer;
  /** From RetryInfo; undefined where the same request is not to be sent again. */
  retryAfterMs: number | undefined;
}

/** Sends bytes as an exporter would and says what came back, whatever it was. */
export interface GrpcClient {
  send(
    signal: keyof typeof paths,
    body: Uint8Array,
    options?: { metadata?: Record<string, string>; timeoutMs?: number },
  ): Promise<GrpcReply>;
  close(): void;
}

/** A client of one connection of its own. */
export function connectGrpc(
  url: string,
  { gzip = false, authority }: { gzip?: boolean; authority?: string } = {},
): GrpcClient {
  const options: ClientOptions = {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_retries': 0,
    'grpc.max_send_message_length': -1,
    'grpc.initial_reconnect_backoff_ms': 50,
    'grpc.max_reconnect_backoff_ms': 100,
    ...(gzip ? { 'grpc.default_compression_algorithm': compressionAlgorithms.gzip } : {}),
    ...(authority === undefined ? {} : { 'grpc.default_authority': authority }),
  };
  const client = new Client(new URL(url).host, credentials.createInsecure(), options);
  const toBuffer = (bytes: Uint8Array) => Buffer.from(bytes);
  return {
    send: (signal, body, { metadata = {}, timeoutMs = 20_000 } = {}) =>
      new Promise((resolve) => {
        const sent = new Metadata();
        for (const [name, value] of Object.entries(metadata)) sent.set(name, value);
        const callOptions = { deadline: Date.now() + timeoutMs };
        client.makeUnaryRequest(paths[signal], toBuffer, toBuffer, body, sent, callOptions, (error, reply) => {
          resolve(error === null ? { ...taken, body: reply ?? taken.body } : failureOf(error));
        });
      }),
    close: () => {
      client.close();
    },
  };
}

const taken = { code: 0, message: '', body: Buffer.alloc(0), retryAfterMs: undefined };

/** What `grpc-status-details-bin` says must be what the call ended with. */
function failureOf({ code, details, metadata }: ServiceError): GrpcReply {
  const [bytes] = metadata.get('grpc-status-details-bin');
  if (!(bytes instanceof Buffer)) return { ...taken, code, message: details };
  const status = decodeMessage('RpcStatus', bytes) as {
    code: ServiceError['code'];
    message: string;
    details?: { value: Buffer }[];
  };
  if (status.code !== code || status.message !== details) throw new Error(`${details} is not ${status.message}`);
  const info = status.details?.[0];
  if (info === undefined) return { ...taken, code, message: details };
  const { retryDelay } = decodeMessage('RetryInfo', info.value) as {
    retryDelay: { seconds?: string; nanos?: number };
  };
  const retryAfterMs = Number(retryDelay.seconds ?? 0) * 1000 + (retryDelay.nanos ?? 0) / 1e6;
  return { ...taken, code, message: details, retryAfterMs };
}
