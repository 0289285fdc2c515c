import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Gate } from './authenticate.ts';
import { crowdedMessage, type ReceivingBudget } from './body.ts';
import { findIntruder } from './door.ts';
import { statusOf } from './grpc-status.ts';
import { enterCall } from './key-door.ts';
import { crowdedRetryMs, type Refusal } from './reply.ts';
import { tellCall } from './tell-calls.ts';
import type { RequestListener } from './visitor.ts';

/** A call that is refused before its message has come lasts so long; closed at once, its status would be lost. */
const hearMs = 1_000;

interface GuardDeps {
  receiving: ReceivingBudget;
  receiveMs: number;
  /** Hears of calls that never came to the intake. */
  listener?: RequestListener | undefined;
  /** Present where a key is needed. */
  gate?: Gate | undefined;
}

/**
 * Stands before every call, before its message is read: keeps out what does not name this machine, counts the bytes of
 * messages that have not come whole in the budget that HTTP shares, and gives up one that takes too long.
 */
export function guardCalls({ receiving, receiveMs, listener, gate }: GuardDeps): ServerInterceptor {
  return ({ path }, call) => {
    const stream = streamOf(call);
    let countedBytes = 0;
    let received: Metadata | undefined;
    const refuse = (refusal: Refusal) => {
      call.sendStatus(statusOf(refusal));
    };
    const slow = setTimeout(() => {
      refuse({ status: 408, message: `the message did not come within ${String(receiveMs / 1000)} s` });
    }, receiveMs);
    const release = () => {
      clearTimeout(slow);
      receiving.release(countedBytes);
      countedBytes = 0;
    };
    stream.on('data', ({ length }: Buffer) => {
      countedBytes += length;
      if (!receiving.add(length)) refuse({ status: 429, message: crowdedMessage, retryAfterMs: crowdedRetryMs });
    });
    stream.once('close', () => {
      release();
      if (listener !== undefined) tellCall(stream, { path, metadata: received, isLocal: gate === undefined }, listener);
    });
    return new ServerInterceptingCall(call, {
      start: (next) => {
        next({
          onReceiveMetadata: (metadata, pass) => {
            received = metadata;
            const visitor = {
              host: call.getHost(),
              origin: metadata.get('origin')[0]?.toString(),
              site: metadata.get('sec-fetch-site')[0]?.toString(),
            };
            const intrusion = findIntruder(visitor, { isLocal: gate === undefined });
            if (intrusion !== undefined) refuse(intrusion);
            else if (gate === undefined) pass(metadata);
            else {
              enterCall(gate, metadata).then(
                (refusal) => {
                  if (refusal === undefined) pass(metadata);
                  else refuse(refusal);
                },
                () => refuse({ status: 500, message: 'the collector failed' }),
              );
            }
          },
          onReceiveMessage: (message, pass) => {
            release();
            pass(message);
          },
          // Answered before its end: clients end the call when they hear it, and this one is not waited for long.
          onCancel: () => {
            if (stream.readableEnded || stream.closed) return;
            const end = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), hearMs);
            stream.once('close', () => {
              clearTimeout(end);
            });
          },
        });
      },
    });
  };
}

/**
 * The stream of a call. grpc-js has it in a private field and limits a message, but not all messages together: without
 * the stream, a hundred senders could make the collector hold 64 MiB for each of them.
 */
function streamOf(call: ServerInterceptingCallInterface): ServerHttp2Stream {
  return (call as unknown as { stream: ServerHttp2Stream }).stream;
}
