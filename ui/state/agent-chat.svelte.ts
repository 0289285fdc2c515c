import { cancelTurn, getAgentSession, streamChat } from '../api/agents.ts';
import { ApiFailure, isAborted, toFailure } from '../api/client.ts';
import { type ChatTurn, applyEvent, beginTurn, isOpen, readTurns } from './chat-turn.ts';

/** How often a turn is asked about that goes on without a stream: after a reload, or in another window. */
const pollMs = 1_500;

/** By name, as text. */
type Variables = Readonly<Record<string, string>>;

interface ChatOptions {
  agent: string;
  /** The conversation has another id from now on; null: none yet. */
  onsession: (sessionId: string | null) => void;
  /** A turn has ended: what is counted will change. */
  onended: () => void;
}

/** A conversation with an agent: its turns as they were kept, and the one that runs as it comes. */
export class AgentChat {
  turns: readonly ChatTurn[] = $state.raw([]);
  sessionId: string | null = $state(null);
  /** Why the conversation of the address could not be read. */
  loadFailure: ApiFailure | null = $state.raw(null);
  loading = $state(false);
  /** Its end was asked for. */
  stopping = $state(false);
  /** Why it could not be asked for. */
  stopFailure: ApiFailure | null = $state.raw(null);

  readonly #options: ChatOptions;
  #variables: Variables = {};
  #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Text that came since the last frame. */
  #pending: ChatTurn | null = null;

  constructor(options: ChatOptions) {
    this.#options = options;
  }

  get last(): ChatTurn | undefined {
    return this.turns.at(-1);
  }

  get busy(): boolean {
    return this.last !== undefined && isOpen(this.last);
  }

  /** Shows the conversation of the address; one that is shown already stays as it is. */
  async open(sessionId: string | null): Promise<void> {
    if (sessionId === this.sessionId && this.loadFailure === null) return;
    this.#leave();
    this.turns = [];
    this.sessionId = sessionId;
    if (sessionId === null) return;
    this.loading = true;
    await this.#read(sessionId);
    this.loading = false;
  }

  async reload(): Promise<void> {
    const { sessionId } = this;
    this.sessionId = null;
    await this.open(sessionId);
  }

  send(text: string, variables: Variables): Promise<void> {
    this.#variables = variables;
    const turn = beginTurn(text, crypto.randomUUID());
    this.turns = [...this.turns, turn];
    return this.#run(turn);
  }

  /** Sends the last turn once more: the same turn, which is never run twice. */
  retry(): Promise<void> {
    const { last } = this;
    if (last === undefined || last.failure === null) return Promise.resolve();
    const turn = beginTurn(last.input, last.key);
    this.#replace(turn);
    return this.#run(turn);
  }

  async stop(): Promise<void> {
    const { sessionId } = this;
    if (sessionId === null) return;
    this.stopping = true;
    this.stopFailure = null;
    try {
      await cancelTurn(this.#options.agent, sessionId);
    } catch (error) {
      this.stopFailure = toFailure(error);
      this.stopping = false;
    }
  }

  startNew(): void {
    void this.open(null);
    this.#options.onsession(null);
  }

  /** Gives up what is under way, when the page is left. The turn itself goes on. */
  close(): void {
    this.#leave();
  }

  async #run(turn: ChatTurn): Promise<void> {
    const { agent, onended } = this.#options;
    const { signal } = this.#controller;
    const request = {
      agent,
      text: turn.input,
      variables: this.#variables,
      sessionId: this.sessionId,
      idempotencyKey: turn.key,
    };
    let current = turn;
    const kept: { turnId: string | null } = { turnId: null };
    const change = (next: ChatTurn) => {
      current = next;
      this.#draw(current);
    };
    try {
      const events = streamChat(request, {
        signal,
        onhead: (head) => {
          kept.turnId = head.turnId;
          this.#adopt(head.sessionId);
          change({ ...current, traceId: head.traceId });
        },
      });
      for await (const event of events) change(applyEvent(current, event));
      if (isOpen(current)) throw new ApiFailure({ code: 'bad_reply', message: 'The answer ended without saying how.' });
    } catch (error) {
      if (isAborted(error) || signal.aborted) return;
      const failure = toFailure(error);
      change({ ...current, phase: 'ended', failure });
      // The turn was run and failed before its first word: it is kept, and the same request would only show it again.
      if (kept.turnId !== null && failure.status !== null && this.sessionId !== null) await this.#read(this.sessionId);
    }
    this.stopping = false;
    onended();
  }

  /** Once a frame at most: text comes in many small pieces. */
  #draw(turn: ChatTurn): void {
    const isWaiting = this.#pending !== null;
    this.#pending = turn;
    if (!isOpen(turn)) this.#flush();
    else if (!isWaiting) requestAnimationFrame(() => this.#flush());
  }

  #flush(): void {
    if (this.#pending !== null) this.#replace(this.#pending);
    this.#pending = null;
  }

  #replace(turn: ChatTurn): void {
    this.turns = this.turns.map((one) => (one.key === turn.key ? turn : one));
  }

  #adopt(sessionId: string | null): void {
    if (sessionId === null || sessionId === this.sessionId) return;
    this.sessionId = sessionId;
    this.#options.onsession(sessionId);
  }

  async #read(sessionId: string): Promise<void> {
    const { signal } = this.#controller;
    const wasBusy = this.busy;
    try {
      this.turns = readTurns(await getAgentSession(this.#options.agent, sessionId, signal));
      this.loadFailure = null;
    } catch (error) {
      if (isAborted(error)) return;
      this.loadFailure = toFailure(error);
      return;
    }
    if (this.busy) this.#timer = setTimeout(() => void this.#read(sessionId), pollMs);
    else if (wasBusy) {
      this.stopping = false;
      this.#options.onended();
    }
  }

  #leave(): void {
    this.#controller.abort();
    this.#controller = new AbortController();
    clearTimeout(this.#timer);
    this.#pending = null;
    this.stopping = false;
    this.stopFailure = null;
    this.loadFailure = null;
  }
}
