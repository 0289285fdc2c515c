import type { ServerInterceptingCall, ServerInterceptor } from '@grpc/grpc-js';
import type { ServerHttp2Stream } from 'node:http2';
import { BodyError, type ReceivingBudget, weighPiece } from './body.ts';
import { statusOf } from './grpc-status.ts';
import { crowdedRetryMs } from './reply.ts';

/**
 * What grpc-js keeps to itself. It limits the size of a message, but unpacks all at once that come at once: sixty small ones
 * that become 64 MiB each would take four gigabytes. A test fails should an update take this away.
 */
interface Unpacking {
  stream: ServerHttp2Stream;
  decompressMessage: (message: Buffer, encoding: string) => Promise<Buffer> | Buffer;
}

/**
 * Lets messages be unpacked in turn, together with the bodies of HTTP, and counts small pieces of a message as what they
 * take in memory. Stands before the guard, which refuses what is too much.
 */
export function unpackInTurn(receiving: ReceivingBudget): ServerInterceptor {
  return (_method, call) => {
    countPieces(call as unknown as Unpacking, receiving);
    takeTurns(call as unknown as Unpacking, receiving);
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- changed, not wrapped: the guard needs its fields
    return call as ServerInterceptingCall;
  };
}

function countPieces({ stream }: Unpacking, receiving: ReceivingBudget): void {
  let extraBytes = 0;
  stream.on('data', ({ length }: Buffer) => {
    extraBytes += weighPiece(length) - length;
    receiving.add(weighPiece(length) - length);
  });
  stream.once('close', () => {
    receiving.release(extraBytes);
  });
}

function takeTurns(call: Unpacking, receiving: ReceivingBudget): void {
  const unpack = call.decompressMessage.bind(call);
  call.decompressMessage = async (message, encoding) => {
    if (encoding === 'identity') return unpack(message, encoding);
    try {
      return await receiving.unpack(async () => unpack(message, encoding));
    } catch (error) {
      if (!(error instanceof BodyError)) throw error;
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- grpc-js ends the call with what is thrown here
      throw statusOf({ status: 429, message: error.message, retryAfterMs: crowdedRetryMs });
    }
  };
}
