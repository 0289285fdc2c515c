import type { IncomingMessage } from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import { EventParser } from './event-stream.ts';
import type { ModelEvent, ModelReply } from './model.ts';
import { ModelFailure } from './model-failure.ts';
import type { ReplyEvents } from './reply-events.ts';

/** A reply of more is no answer that a model gives. */
const replyLimitBytes = 64_000_000;
/** Events that wait for a slow reader; the connection waits with them. */
const waitingLimit = 256;
/** How long a connection may take to end behind the reply's own end, and be used again. */
const lingerMs = 1_000;

/** Understands one reply of a provider. Throws a ModelFailure at what it cannot understand and at errors within a stream. */
export interface ReplyReader {
  /** What is to be handed on so far. */
  events: ReplyEvents;
  takeEvent(data: string, event: string): void;
  /** A reply in one piece, of a server that does not stream. */
  takeWhole(body: unknown): void;
  /** The protocol's end has come: nothing that follows matters. */
  isDone(): boolean;
  /** Undefined where the reply is not whole. */
  finish(): ModelReply | undefined;
}

/** Reads a reply to its end. Throws a ModelFailure: `cut_stream` where it ends too early. */
export async function* readReply(
  message: IncomingMessage,
  reader: ReplyReader,
  signal: AbortSignal,
): AsyncGenerator<ModelEvent, void, undefined> {
  const source = new ReplySource(message, reader);
  const abort = () => message.destroy();
  signal.addEventListener('abort', abort, { once: true });
  try {
    for (;;) {
      if (signal.aborted) throw abortedFailure();
      yield* reader.events.takeAll();
      if (reader.events.count > 0) continue;
      if (source.failure !== undefined) throw source.failure;
      if (source.isOver) break;
      await source.more();
    }
    const reply = reader.finish();
    if (reply === undefined) throw source.describeCut();
    yield { type: 'end', reply };
  } finally {
    signal.removeEventListener('abort', abort);
    source.release();
  }
}

export function abortedFailure(): ModelFailure {
  return new ModelFailure('aborted', 'the call was aborted');
}

/** The message's bytes, pushed through the reader as they come. */
class ReplySource {
  failure: ModelFailure | undefined;
  readonly #message: IncomingMessage;
  readonly #reader: ReplyReader;
  readonly #whole: string[] | undefined;
  readonly #parser: EventParser;
  readonly #decoder = new StringDecoder('utf8');
  #eventCount = 0;
  #bytes = 0;
  #hasEnded = false;
  #broke: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(message: IncomingMessage, reader: ReplyReader) {
    this.#message = message;
    this.#reader = reader;
    this.#whole = /\bjson\b/.test(message.headers['content-type'] ?? '') ? [] : undefined;
    this.#parser = new EventParser((data, event) => {
      this.#eventCount += 1;
      if (!reader.isDone()) reader.takeEvent(data, event);
    });
    message.on('data', (chunk: Buffer) => this.#guard(() => this.#take(chunk)));
    message.once('end', () => this.#guard(() => this.#end()));
    message.on('error', (error) => this.#break(error));
    message.once('close', () => this.#break(undefined));
  }

  get isOver(): boolean {
    return this.#hasEnded || this.#reader.isDone();
  }

  async more(): Promise<void> {
    this.#message.resume();
    await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  /** The connection is kept for the next call if the message is over, and closed if it is not. */
  release(): void {
    if (this.#message.complete) this.#message.resume();
    else if (this.#reader.isDone()) {
      this.#message.resume();
      setTimeout(() => this.#message.destroy(), lingerMs).unref();
    } else this.#message.destroy();
  }

  describeCut(): ModelFailure {
    if (this.#eventCount === 0 && this.#bytes > 0) {
      const type = this.#message.headers['content-type'] ?? 'no content type';
      return new ModelFailure('malformed_reply', `the reply is no stream of events (${type})`);
    }
    const why = this.#broke === undefined ? '' : `: ${this.#broke.message}`;
    const message = `the connection ended before the reply did${why}`;
    return new ModelFailure('cut_stream', message, { cause: this.#broke });
  }

  #take(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > replyLimitBytes) {
      throw new ModelFailure('malformed_reply', `the reply is longer than ${replyLimitBytes} bytes`);
    }
    const text = this.#decoder.write(chunk);
    if (this.#whole !== undefined) this.#whole.push(text);
    else this.#parser.push(text);
    if (this.#reader.events.count > waitingLimit) this.#message.pause();
    if (this.#reader.events.count > 0 || this.#reader.isDone()) this.#wake?.();
  }

  #end(): void {
    this.#hasEnded = true;
    if (this.#whole === undefined) this.#endStream();
    else this.#reader.takeWhole(parseJson(this.#whole.join('')));
    this.#wake?.();
  }

  /** An event that was cut in half is none: whether the reply is whole, those before it say. */
  #endStream(): void {
    try {
      this.#parser.end();
    } catch (error) {
      if (!(error instanceof ModelFailure) || error.kind !== 'malformed_reply') throw error;
    }
  }

  #break(error: Error | undefined): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#broke = error;
    this.#wake?.();
  }

  #guard(what: () => void): void {
    if (this.failure !== undefined) return;
    try {
      what();
    } catch (error) {
      this.failure =
        error instanceof ModelFailure
          ? error
          : new ModelFailure('malformed_reply', 'the reply could not be read', { cause: error });
      this.#wake?.();
    }
  }
}

/** JSON as a provider sent it. Throws `malformed_reply`. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
    throw new ModelFailure('malformed_reply', `the reply is no JSON: ${shown}`, { cause: error });
  }
}
