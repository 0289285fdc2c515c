import { type sendUnaryData, Server, type ServerUnaryCall } from '@grpc/grpc-js';
import type { Gate } from './authenticate.ts';
import { bodyLimits } from './body.ts';
import { guardCalls } from './grpc-guard.ts';
import { statusOf } from './grpc-status.ts';
import { unpackInTurn } from './grpc-unpack.ts';
import type { Intake } from './intake.ts';
import { findEntered } from './key-door.ts';
import { projectRule, readProject } from './project.ts';
import { encodeSuccess, type Refusal, type Signal } from './reply.ts';
import { callWasTaken } from './tell-calls.ts';
import type { RequestListener } from './visitor.ts';

export interface GrpcReceiverDeps {
  intake: Intake;
  /** A call that failed for a reason of ours; never payloads. */
  onError: (error: unknown, path: string) => void;
  /** Present where a key is needed. */
  gate?: Gate | undefined;
  /** By default `bodyLimits.receiveMs`. */
  receiveMs?: number | undefined;
  /** Hears of calls that never came to the intake. */
  listener?: RequestListener | undefined;
}

/** The Export call of each signal, as opentelemetry-proto names it. */
const paths: Readonly<Record<Signal, string>> = {
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
};

/** Calls open at one time on one connection; a client waits with more. */
const callsPerConnectionMax = 1_000;

type Call = ServerUnaryCall<Buffer, Uint8Array>;
type Reply = sendUnaryData<Uint8Array>;

/**
 * The OTLP/gRPC port, not bound yet. Messages stay bytes: they are decoded where those of HTTP are. Compression is that of
 * gRPC (gzip, deflate), a message is at most `bodyLimits.decompressedBytes` before and after it.
 */
export function createGrpcReceiver(deps: GrpcReceiverDeps): Server {
  const server = new Server({
    'grpc.max_receive_message_length': bodyLimits.decompressedBytes,
    'grpc.max_concurrent_streams': callsPerConnectionMax,
    interceptors: [
      unpackInTurn(deps.intake.receiving),
      guardCalls({
        receiving: deps.intake.receiving,
        receiveMs: deps.receiveMs ?? bodyLimits.receiveMs,
        listener: deps.listener,
        gate: deps.gate,
      }),
    ],
  });
  for (const [signal, path] of Object.entries(paths) as [Signal, string][]) {
    const answer = (call: Call, reply: Reply) => void receive(call, reply, { signal, deps });
    server.register(path, answer, toBuffer, (bytes: Buffer) => bytes, 'unary');
  }
  return server;
}

async function receive(
  call: Call,
  reply: Reply,
  { signal, deps }: { signal: Signal; deps: GrpcReceiverDeps },
): Promise<void> {
  const refuse = (refusal: Refusal) => {
    reply(statusOf(refusal));
  };
  const entered = findEntered(call.metadata);
  if (deps.gate !== undefined && entered === undefined) throw new Error('a call passed the guard without a key');
  const { projectId, keyId } = entered ?? {
    projectId: readProject(call.metadata.get('x-sightglass-project')[0]?.toString()),
  };
  if (projectId === undefined) {
    refuse({ status: 400, message: projectRule });
    return;
  }
  try {
    const userAgent = call.metadata.get('user-agent')[0]?.toString();
    const body = call.request;
    const received = { signal, projectId, body, userAgent, keyId, encoding: 'protobuf', port: 'grpc' } as const;
    const answer = await deps.intake.take(received);
    callWasTaken(call.metadata);
    if (answer.status === 200) reply(null, encodeSuccess('protobuf', signal, answer.partial));
    else refuse(answer);
  } catch (error) {
    deps.onError(error, paths[signal]);
    refuse({ status: 500, message: 'the collector failed; its log says why' });
  }
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
