import { Writer } from 'protobufjs/minimal.js';

export type Encoding = 'protobuf' | 'json';
export type Signal = 'traces' | 'logs' | 'metrics';

const rejectedFields = { traces: 'rejectedSpans', logs: 'rejectedLogRecords', metrics: 'rejectedDataPoints' } as const;
export const contentTypes = { protobuf: 'application/x-protobuf', json: 'application/json' } as const;

/** google.rpc.Code of each HTTP status that is answered. */
export const rpcCodes = {
  400: 3,
  401: 16,
  403: 7,
  404: 12,
  405: 12,
  408: 4,
  413: 8,
  415: 3,
  421: 7,
  429: 8,
  500: 13,
  503: 14,
} as const;

/** Why a request was not taken, in the words of HTTP; gRPC says the same with `rpcCodes`. */
export interface Refusal {
  status: keyof typeof rpcCodes;
  message: string;
  /** The same request may be taken later. */
  retryAfterMs?: number | undefined;
}

/** What of a request was not taken, and why. */
export interface PartialSuccess {
  rejected: number;
  message: string;
}

/** For a sender that came while too much was being received. */
export const crowdedRetryMs = 1_000;

/**
 * The body of a 200 in the request's own encoding: an Export…ServiceResponse, empty when everything was taken,
 * else with `partial_success` (OTLP specification, "Partial Success").
 */
export function encodeSuccess(
  encoding: Encoding,
  signal: Signal,
  partial: PartialSuccess | undefined,
): Uint8Array<ArrayBuffer> {
  if (encoding === 'json') {
    const body =
      partial === undefined
        ? {}
        : { partialSuccess: { [rejectedFields[signal]]: String(partial.rejected), errorMessage: partial.message } };
    return Buffer.from(JSON.stringify(body));
  }
  const writer = Writer.create();
  if (partial !== undefined) {
    writer.uint32(10).fork(); // field 1, partial_success
    if (partial.rejected > 0) writer.uint32(8).int64(partial.rejected); // field 1
    writer.uint32(18).string(partial.message).ldelim(); // field 2
  }
  return Buffer.from(writer.finish());
}

/** The body of an error: google.rpc.Status with gRPC's code, in the request's own encoding. */
export function encodeError(encoding: Encoding, code: number, message: string): Uint8Array<ArrayBuffer> {
  if (encoding === 'json') return Buffer.from(JSON.stringify({ code, message }));
  return encodeStatus({ code, message });
}

/** google.rpc.Status in protobuf; with a google.rpc.RetryInfo among its details where a delay is given. */
export function encodeStatus(status: {
  code: number;
  message: string;
  retryAfterMs?: number | undefined;
}): Uint8Array<ArrayBuffer> {
  const { code, message, retryAfterMs } = status;
  const writer = Writer.create().uint32(8).int32(code).uint32(18).string(message);
  if (retryAfterMs !== undefined) {
    writer.uint32(26).fork(); // field 3, details: google.protobuf.Any
    writer.uint32(10).string('type.googleapis.com/google.rpc.RetryInfo');
    writer.uint32(18).fork().uint32(10).fork(); // the Any's value: RetryInfo, its field 1: Duration
    writer.uint32(8).int64(Math.floor(retryAfterMs / 1000));
    writer.uint32(16).int32((retryAfterMs % 1000) * 1_000_000);
    writer.ldelim().ldelim().ldelim();
  }
  return Buffer.from(writer.finish());
}
