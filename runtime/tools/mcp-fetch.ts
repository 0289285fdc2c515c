import type { IncomingMessage } from 'node:http';
import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js';
import { z } from 'zod';
import type { HttpClient } from './http-client.ts';
import { messageBytesMax, tooLarge, TooLargeError } from './message-limit.ts';

/** Error codes that stand for what happened to the answer of a request; outside of what JSON-RPC reserves. */
export const brokenAnswer = { cut: 39_001, tooLarge: 39_002 };

/** What is looked at of a message that is sent. */
const sentMessage = z.object({
  method: z.string().optional(),
  id: z.union([z.string(), z.number()]).optional(),
  params: z
    .object({
      requestId: z.union([z.string(), z.number()]).optional(),
      _meta: z.object({ traceparent: z.string().optional() }).optional(),
    })
    .optional(),
});

/**
 * `fetch` for the SDK's Streamable HTTP transport. It connects only where the client may, bounds the size of messages, and gives a
 * request whose event stream ends without an answer an error for its answer: the SDK would wait for it until its time is over.
 */
export function makeMcpFetch(client: HttpClient): FetchLike {
  const open = new Map<string | number, AbortController>();
  return async (address, init) => {
    const body = typeof init?.body === 'string' ? init.body : undefined;
    const sent = body === undefined ? undefined : readSent(body);
    const end = new AbortController();
    if (sent?.id !== undefined) open.set(sent.id, end);
    const signal = AbortSignal.any([end.signal, ...(init?.signal ? [init.signal] : [])]);
    const traceparent = sent?.params?._meta?.traceparent;
    const response = await client.send({
      method: init?.method ?? 'GET',
      url: new URL(address),
      headers: {
        ...Object.fromEntries(new Headers(init?.headers)),
        ...(traceparent === undefined ? {} : { traceparent }),
      },
      body,
      signal,
      isRepeatable: sent?.method !== 'tools/call',
    });
    // A request that was given up needs no connection any more.
    const cancelled = sent?.method === 'notifications/cancelled' ? sent.params?.requestId : undefined;
    if (cancelled !== undefined) open.get(cancelled)?.abort();
    const onEnd = () => {
      if (sent?.id !== undefined) open.delete(sent.id);
    };
    return readResponse(response, { id: sent?.id, wasGivenUp: () => end.signal.aborted, onEnd });
  };
}

function readSent(body: string): z.infer<typeof sentMessage> | undefined {
  return sentMessage.safeParse(JSON.parse(body)).data;
}

interface Asked {
  /** Of a request; absent: nothing is answered. */
  id: string | number | undefined;
  wasGivenUp: () => boolean;
  onEnd: () => void;
}

function readResponse(message: IncomingMessage, asked: Asked): Response {
  const status = message.statusCode ?? 502;
  const headers = new Headers();
  for (const [name, value] of Object.entries(message.headers)) {
    for (const one of Array.isArray(value) ? value : [value ?? '']) headers.append(name, one);
  }
  if ([204, 205, 304].includes(status)) {
    message.resume();
    asked.onEnd();
    return new Response(null, { status, headers });
  }
  const isStream = /^text\/event-stream\b/i.test(message.headers['content-type'] ?? '');
  const chunks = isStream ? readEvents(message, asked) : readWhole(message);
  return new Response(ReadableStream.from(finishing(chunks, asked.onEnd)), { status, headers });
}

async function* finishing(chunks: AsyncIterable<Uint8Array>, onEnd: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } finally {
    onEnd();
  }
}

async function* readWhole(message: IncomingMessage): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > messageBytesMax) throw new TooLargeError();
    yield chunk;
  }
}

async function* readEvents(message: IncomingMessage, { id, wasGivenUp }: Asked): AsyncGenerator<Uint8Array> {
  let eventBytes = 0;
  let isResumable = false;
  try {
    for await (const chunk of message as AsyncIterable<Buffer>) {
      const text = chunk.toString('latin1');
      isResumable ||= /^id:/m.test(text);
      const lastEnd = Math.max(text.lastIndexOf('\n\n'), text.lastIndexOf('\n\r\n'));
      eventBytes = lastEnd === -1 ? eventBytes + chunk.length : chunk.length - lastEnd;
      if (eventBytes > messageBytesMax) {
        yield* answerWith(id, { error: { code: brokenAnswer.tooLarge, message: tooLarge } });
        return;
      }
      yield chunk;
    }
  } catch (error) {
    if (!wasGivenUp() && (isResumable || id === undefined)) throw error;
  }
  // The SDK goes on with a stream that can be resumed, unless an answer came. After an answer a second one is void.
  if (wasGivenUp()) yield* answerWith(id, { result: {} });
  else if (!isResumable) {
    yield* answerWith(id, { error: { code: brokenAnswer.cut, message: 'the stream of its answer ended without one' } });
  }
}

function* answerWith(id: Asked['id'], answer: object): Generator<Uint8Array> {
  if (id === undefined) return;
  yield Buffer.from(`\n\nevent: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', id, ...answer })}\n\n`);
}
