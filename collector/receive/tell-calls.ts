import type { Metadata } from '@grpc/grpc-js';
import type { ServerHttp2Stream } from 'node:http2';
import { findEntered } from './key-door.ts';
import { readProject } from './project.ts';
import { rpcCodes, type Signal } from './reply.ts';
import type { RequestListener } from './visitor.ts';

/** Calls that the intake has answered, and told of, by their metadata. */
const taken = new WeakSet<Metadata>();

/** The status of HTTP for each code that a call may end with before it comes to the intake. */
const statuses: Readonly<Record<string, number>> = {
  [rpcCodes[400]]: 400,
  [rpcCodes[403]]: 403,
  [rpcCodes[404]]: 404,
  [rpcCodes[408]]: 408,
  [rpcCodes[429]]: 429,
  [rpcCodes[500]]: 500,
  [rpcCodes[503]]: 503,
  16: 401,
};

/** When the call has ended: tells of it, if it was refused before it came to the intake; not of one that was given up. */
export function tellCall(stream: ServerHttp2Stream, call: EndedCall, { onRefused }: RequestListener): void {
  const { path, metadata, isLocal } = call;
  const signal = signalOf(path);
  // Trailers alone come as headers.
  const ended: Record<string, unknown> = {
    ...readHeaders(stream, 'sentHeaders'),
    ...readHeaders(stream, 'sentTrailers'),
  };
  const code = Number(ended['grpc-status'] ?? 0);
  if (signal === undefined || code === 0 || (metadata !== undefined && taken.has(metadata))) return;
  const isOurs = ended['grpc-status-details-bin'] !== undefined;
  // The library refuses a message that is too large by the code that we refuse one too many with.
  const status = code === rpcCodes[413] && !isOurs ? 413 : (statuses[code] ?? 500);
  const userAgent = metadata?.get('user-agent')[0]?.toString();
  // What a call without a key says of its project is not believed.
  const entered = metadata === undefined ? undefined : findEntered(metadata);
  const named = readProject(metadata?.get('x-sightglass-project')[0]?.toString());
  const projectId = isLocal ? named : entered?.projectId;
  onRefused(
    { signal, projectId, keyId: entered?.keyId, userAgent, protocol: 'grpc' },
    { status, message: messageOf(ended['grpc-message']) },
  );
}

interface EndedCall {
  /** `/opentelemetry.proto.collector.trace.v1.TraceService/Export` */
  path: string;
  /** Absent where none was read. */
  metadata: Metadata | undefined;
  /** No key is needed. */
  isLocal: boolean;
}

/** From here on the intake tells of this call. */
export function callWasTaken(metadata: Metadata): void {
  taken.add(metadata);
}

/** Headers of an HTTP/2 stream that may not have been sent. */
function readHeaders(stream: ServerHttp2Stream, which: 'sentHeaders' | 'sentTrailers'): object | undefined {
  return stream[which];
}

function signalOf(path: string): Signal | undefined {
  if (path.endsWith('.TraceService/Export')) return 'traces';
  if (path.endsWith('.LogsService/Export')) return 'logs';
  return path.endsWith('.MetricsService/Export') ? 'metrics' : undefined;
}

/** gRPC sends a status message percent-encoded. */
function messageOf(sent: unknown): string {
  if (typeof sent !== 'string') return '';
  try {
    return decodeURI(sent);
  } catch {
    return sent;
  }
}
