import { Metadata, type StatusObject } from '@grpc/grpc-js';
import { encodeStatus, type Refusal, rpcCodes } from './reply.ts';

/** A status travels in headers, where clients take 8 KB in all, and each letter may become nine there. */
const messageLengthMax = 500;

/**
 * What a refused call ends with. `grpc-status-details-bin` holds the same as google.rpc.Status, with RetryInfo where the
 * same request may be taken later: exporters repeat RESOURCE_EXHAUSTED only with it.
 */
export function statusOf({ status, message, retryAfterMs }: Refusal): StatusObject {
  const code = rpcCodes[status];
  const details = message.slice(0, messageLengthMax).toWellFormed();
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from(encodeStatus({ code, message: details, retryAfterMs })));
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the same numbers, which grpc-js has as an enum
  return { code, details, metadata };
}
