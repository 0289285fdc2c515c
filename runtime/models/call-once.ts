import type { ModelAdapter, ModelEvent, ModelReply, ModelRequest } from './model.ts';
import { ModelFailure } from './model-failure.ts';

export type CallOutcome = { reply: ModelReply } | { failure: ModelFailure; partialText: string };

/** Asks a model once, within its times. Yields what arrives, returns how it ended; never throws for what a provider does. */
export async function* callOnce(
  adapter: ModelAdapter,
  request: ModelRequest,
  {
    signal,
    timeoutMs,
    firstTokenTimeoutMs,
    onFirstToken,
  }: { signal: AbortSignal; timeoutMs: number; firstTokenTimeoutMs: number; onFirstToken: () => void },
): AsyncGenerator<Exclude<ModelEvent, { type: 'end' }>, CallOutcome, undefined> {
  const watch = new CallWatch(signal, timeoutMs, firstTokenTimeoutMs);
  let partialText = '';
  let hasBegun = false;
  try {
    for await (const event of adapter.stream(request, watch.signal)) {
      if (event.type === 'end') {
        watch.noteEnd();
        return { reply: event.reply };
      }
      if (!hasBegun) {
        hasBegun = true;
        watch.noteFirstToken();
        onFirstToken();
      }
      if (event.type === 'text') partialText += event.text;
      yield event;
    }
    return { failure: new ModelFailure('cut_stream', 'the stream ended without its end'), partialText };
  } catch (error) {
    return { failure: watch.explain(error), partialText };
  } finally {
    watch.close();
  }
}

/** One for all: an error's stack takes longer than an abort. */
const abortReason = new Error('the call was aborted');

/** The timers of one call; either aborts it, as the caller's own signal does. */
class CallWatch {
  readonly #caller: AbortSignal;
  readonly #controller = new AbortController();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #abort = () => this.#controller.abort(abortReason);
  #timedOut: ModelFailure | undefined;
  #hasEnded = false;

  constructor(caller: AbortSignal, timeoutMs: number, firstTokenTimeoutMs: number) {
    this.#caller = caller;
    if (caller.aborted) this.#abort();
    else caller.addEventListener('abort', this.#abort, { once: true });
    if (firstTokenTimeoutMs < timeoutMs)
      this.#start(firstTokenTimeoutMs, `no first token within ${firstTokenTimeoutMs} ms`);
    this.#start(timeoutMs, `no whole answer within ${timeoutMs} ms`);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  noteFirstToken(): void {
    if (this.#timers.length > 1) clearTimeout(this.#timers.shift());
  }

  noteEnd(): void {
    this.#hasEnded = true;
  }

  /** What the adapter takes for an abort may be a timer's doing. */
  explain(error: unknown): ModelFailure {
    if (this.#caller.aborted) {
      const isKnown = error instanceof ModelFailure && error.kind === 'aborted';
      return isKnown ? error : new ModelFailure('aborted', 'the call was aborted', { cause: error });
    }
    if (this.#timedOut !== undefined) return this.#timedOut;
    if (error instanceof ModelFailure) return error;
    throw error;
  }

  /** Also ends a call that its reader has left. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#caller.removeEventListener('abort', this.#abort);
    if (!this.#hasEnded) this.#abort();
  }

  #start(ms: number, message: string): void {
    const give = () => {
      this.#timedOut ??= new ModelFailure('timeout', message);
      this.#abort();
    };
    this.#timers.push(setTimeout(give, ms));
  }
}
