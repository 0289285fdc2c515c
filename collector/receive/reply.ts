import { Writer } from 'protobufjs/minimal.js';

export type Encoding = 'protobuf' | 'json';
export type Signal = 'traces' | 'logs' | 'metrics';

const rejectedFields = { traces: 'rejectedSpans', logs: 'rejectedLogRecords', metrics: 'rejectedDataPoints' } as const;
export const contentTypes = { protobuf: 'application/x-protobuf', json: 'application/json' } as const;

/**
 * The body of a 200 in the request's own encoding: an Export…ServiceResponse, empty when everything was taken,
 * else with `partial_success` (OTLP specification, "Partial Success").
 */
export function encodeSuccess(
  encoding: Encoding,
  signal: Signal,
  partial: { rejected: number; message: string } | undefined,
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
  return Buffer.from(Writer.create().uint32(8).int32(code).uint32(18).string(message).finish());
}
