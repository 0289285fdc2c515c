import { type ApiFailure, isAborted, toFailure } from '../api/client.ts';
import type { SessionReply, SessionSummary, Turn } from '../api/types.ts';

export type ReadTurns = (page: { cursor?: string }, signal: AbortSignal) => Promise<SessionReply>;

/** A session's turns in pages from the first one on, read when somebody gets there. */
export class SessionLoader {
  session: SessionSummary | null = $state.raw(null);
  turns: readonly Turn[] = $state.raw([]);
  phase: 'loading' | 'ready' | 'failed' = $state('loading');
  failure: ApiFailure | null = $state.raw(null);
  hasMore = $state(false);
  loadingMore = $state(false);
  moreFailure: ApiFailure | null = $state.raw(null);

  readonly #read: ReadTurns;
  readonly #controller = new AbortController();
  #nextCursor: string | null = null;
  /** The page read last, which a session that goes on changes. */
  #last: { cursor: string | null; from: number } = { cursor: null, from: 0 };
  #reading: Promise<void> | null = null;

  constructor(read: ReadTurns) {
    this.#read = read;
  }

  /** Reads the first page. */
  async load(): Promise<void> {
    this.phase = 'loading';
    this.failure = null;
    try {
      this.#show(await this.#read({}, this.#controller.signal), null, 0);
      this.phase = 'ready';
    } catch (error) {
      if (isAborted(error)) return;
      this.failure = toFailure(error);
      this.phase = 'failed';
    }
  }

  /** The next page, once: those who ask while it loads wait for the same one. */
  loadMore(): Promise<void> {
    if (this.phase !== 'ready' || this.#nextCursor === null) return Promise.resolve();
    this.#reading ??= this.#readNext(this.#nextCursor).finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  /** Reads on until the turn with this index is there, or there are no more. */
  async loadTo(turn: number): Promise<void> {
    while (turn >= this.turns.length && this.#nextCursor !== null && this.moreFailure === null) await this.loadMore();
  }

  /** Reads the summary and the latest page again: the session goes on. A failure leaves what is known. */
  async refresh(): Promise<void> {
    if (this.phase !== 'ready' || this.#reading !== null) return;
    const { cursor, from } = this.#last;
    try {
      const page = cursor === null ? {} : { cursor };
      this.#show(await this.#read(page, this.#controller.signal), cursor, from);
    } catch {
      // The next news asks again.
    }
  }

  stop(): void {
    this.#controller.abort();
  }

  async #readNext(cursor: string): Promise<void> {
    this.loadingMore = true;
    this.moreFailure = null;
    try {
      this.#show(await this.#read({ cursor }, this.#controller.signal), cursor, this.turns.length);
    } catch (error) {
      if (!isAborted(error)) this.moreFailure = toFailure(error);
    } finally {
      this.loadingMore = false;
    }
  }

  #show(reply: SessionReply, cursor: string | null, from: number): void {
    this.session = reply.session;
    this.turns = [...this.turns.slice(0, from), ...reply.turns.map((turn, place) => this.#keep(turn, from + place))];
    this.#nextCursor = reply.nextCursor;
    this.hasMore = reply.nextCursor !== null;
    this.#last = { cursor, from };
  }

  /** A turn that says the same as before stays the same object, so that nothing of it is drawn anew. */
  #keep(turn: Turn, place: number): Turn {
    const known = this.turns[place];
    return known !== undefined && JSON.stringify(known) === JSON.stringify(turn) ? known : turn;
  }
}
