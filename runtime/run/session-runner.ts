import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { TurnBudget, TurnBudgetParts } from '../budgets/turn-budget.ts';
import type { Pause } from '../sessions/pause.ts';
import type { Turn, TurnEnd } from '../sessions/record.ts';
import { type Claim, type SessionStore, StoreUnavailableError } from '../sessions/store.ts';
import type { PriceCall, RunnableAgent } from './agent.ts';
import { visibleText } from './conversation.ts';
import { keepLease } from './keep-lease.ts';
import { LiveTurn } from './live-turn.ts';
import { runTurn } from './run-turn.ts';
import { TurnStopped } from './stop.ts';
import { sweepSessions } from './sweep-sessions.ts';
import type { TurnEvent } from './turn-events.ts';
import { pausedMs, TurnPaused } from './turn-paused.ts';
import { turnWithoutRecord } from './turn-without-record.ts';

export interface SessionRunnerParts {
  store: SessionStore;
  /** Throws where the revision is gone or cannot be run here. */
  openAgent: (revision: string) => Promise<RunnableAgent>;
  priceCall: PriceCall;
  /** Absent: there are no budgets. */
  budgets?:
    { forTurn: (turn: Pick<TurnBudgetParts, 'session' | 'turn' | 'definition' | 'signal'>) => TurnBudget } | undefined;
  /** A turn has ended: its spans can be sent. */
  onEnd: (turn: { sessionId: string; turnId: string }) => void;
  /** A turn waits: what it has done until now can be sent. */
  onPaused?: ((turn: { sessionId: string; turnId: string }) => void) | undefined;
  /** Tools of an agent cannot be reached. */
  onUnavailable?: ((message: string) => void) | undefined;
  onError: (error: unknown, what: string, ids: { sessionId?: string; turnId?: string }) => void;
  /** A holder that is silent for so long has lost its turn. */
  leaseMs?: number | undefined;
}

/** What a session needs to run: one of so many places of its agent. */
interface Place {
  agent: string;
  limit: number | undefined;
}

interface Followed {
  sessionId: string;
  live: LiveTurn;
}

const defaultLeaseMs = 10_000;
/** How often one looks for the end of a turn that another process runs. */
const watchMs = 200;
/** Until a store that is away is asked again. */
const awayPauseMs = 500;

/**
 * Runs the turns of sessions, one at a time in each: those that were accepted here, and those that other processes left behind.
 * Every replica has one; a lease in the store decides who advances a session.
 */
export class SessionRunner {
  readonly #parts: SessionRunnerParts;
  readonly #leaseMs: number;
  readonly #owner = randomUUID();
  /** Loops over sessions, one each. */
  readonly #sessions = new Map<string, Promise<void>>();
  /** Turns that someone here waits for, or that run here. */
  readonly #followed = new Map<string, Followed>();
  readonly #running = new Map<string, AbortController>();
  readonly #stopping = new AbortController();
  /** Whoever waits was told that it is for others now. */
  #hasLeft = false;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(parts: SessionRunnerParts) {
    this.#parts = parts;
    this.#leaseMs = parts.leaseMs ?? defaultLeaseMs;
  }

  /** Looks for turns that nobody runs, from now on. */
  start(): void {
    this.#sweeping = sweepSessions({
      store: this.#parts.store,
      stopping: this.#stopping.signal,
      work: (sessionId) => this.#work(sessionId),
      onError: (error) => this.#parts.onError(error, 'looking for open turns failed', {}),
    });
  }

  /** What is held in memory now: sessions that are worked on, turns that someone waits for, turns that run. */
  get load(): { sessions: number; followed: number; running: number } {
    return { sessions: this.#sessions.size, followed: this.#followed.size, running: this.#running.size };
  }

  /**
   * Follows a turn to its end, whoever runs it: events as they come where it is this process, else its end only. Returns what
   * stops the listening; the turn goes on.
   */
  follow(turn: Turn, listener: (event: TurnEvent) => void): () => void {
    if (turn.end !== null) {
      listener({ type: 'end', turn });
      return () => undefined;
    }
    if (this.#hasLeft) {
      listener({ type: 'left' });
      return () => undefined;
    }
    const stop = this.#liveOf(turn).listen(listener);
    this.#work(turn.sessionId);
    return stop;
  }

  /** Resolves with the turn as it ended. Rejects with TurnStopped `shutdown` where this process stops before, TurnPaused where it waits. */
  async waitForEnd(turn: Turn): Promise<Turn> {
    return new Promise((resolve, reject) => {
      this.follow(turn, (event) => {
        if (event.type === 'end') resolve(event.turn);
        else if (event.type === 'left') reject(new TurnStopped('shutdown'));
        else if (event.type === 'paused') reject(new TurnPaused(event.pause));
      });
    });
  }

  /** Tells a turn that runs here at once what its lease would tell it soon. */
  hurry(turnId: string, reason: 'cancel' | 'supersede'): void {
    this.#running.get(turnId)?.abort(new TurnStopped(reason));
  }

  /** Works on a session now that may have something to do, not only when it is found. */
  goOn(sessionId: string): void {
    this.#work(sessionId);
  }

  /** Takes no more turns; those that run get so long to end, then they are left to others, and whoever waits is told. */
  async drain(limitMs: number): Promise<void> {
    this.#stopping.abort();
    await Promise.race([this.#settled(), pause(limitMs, undefined, { ref: false })]);
    for (const controller of this.#running.values()) controller.abort(new TurnStopped('shutdown'));
    this.#hasLeft = true;
    for (const { live } of this.#followed.values()) live.emit({ type: 'left' });
    this.#followed.clear();
    await this.#settled();
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #settled(): Promise<void> {
    await Promise.allSettled([this.#sweeping, ...this.#sessions.values()]);
  }

  #liveOf({ id, sessionId }: Turn): LiveTurn {
    const known = this.#followed.get(id);
    if (known !== undefined) return known.live;
    const live = new LiveTurn();
    this.#followed.set(id, { sessionId, live });
    return live;
  }

  #work(sessionId: string): void {
    if (this.#sessions.has(sessionId) || this.#isStopping) return;
    const work = this.#workOff(sessionId)
      .catch((error: unknown) => {
        this.#parts.onError(error, 'a session failed', { sessionId });
        this.#giveUp(sessionId);
      })
      .finally(() => {
        this.#sessions.delete(sessionId);
        // One may have come while the loop ended.
        if (this.#followedOf(sessionId).length > 0) this.#work(sessionId);
      });
    this.#sessions.set(sessionId, work);
  }

  /** Whoever waits is told; the turns stay open, and are looked for again. */
  #giveUp(sessionId: string): void {
    for (const [id, live] of this.#followedOf(sessionId)) {
      this.#followed.delete(id);
      live.emit({ type: 'end', turn: turnWithoutRecord(sessionId, id, 'unreadable') });
    }
  }

  #followedOf(sessionId: string): [string, LiveTurn][] {
    return [...this.#followed].flatMap(([id, one]) => (one.sessionId === sessionId ? [[id, one.live]] : []));
  }

  /** Runs what can be run, and watches what others run, until nothing of the session is waited for. */
  async #workOff(sessionId: string): Promise<void> {
    let place: Place | undefined;
    while (!this.#isStopping) {
      try {
        place ??= await this.#findPlace(sessionId);
        if (await this.#runNext(sessionId, place)) continue;
        await this.#lookForEnds(sessionId);
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
        await this.#pause(awayPauseMs);
      }
      if (this.#followedOf(sessionId).length === 0) return;
      await this.#pause(watchMs);
    }
  }

  async #findPlace(sessionId: string): Promise<Place> {
    const session = await this.#parts.store.findSession(sessionId);
    if (session === undefined) return { agent: '', limit: undefined };
    // What cannot be read fails its turn with a reason, when that runs.
    const agent = await this.#parts.openAgent(session.revision).catch((error: unknown) => {
      if (error instanceof StoreUnavailableError) throw error;
      return undefined;
    });
    return { agent: session.agent, limit: agent?.definition.limits.concurrency };
  }

  /** False: nothing of the session can be run here now. */
  async #runNext(sessionId: string, { agent, limit }: Place): Promise<boolean> {
    const { store } = this.#parts;
    const leaseMs = this.#leaseMs;
    // Of this process alone: who only follows the session here must not free the place that another one has for it.
    const holder = `${sessionId} ${this.#owner}`;
    const takePlace =
      limit === undefined ? undefined : () => store.takePlace(agent, { sessionId: holder, limit, leaseMs });
    if (takePlace !== undefined && !(await takePlace())) return false;
    try {
      const claimed = await store.claim(sessionId, { owner: this.#owner, leaseMs });
      if (claimed === undefined) return false;
      await this.#run(claimed.claim, claimed.turn, takePlace);
      return true;
    } finally {
      if (limit !== undefined) await store.freePlace(agent, holder);
    }
  }

  /** Of turns that another process has ended, or lets wait. */
  async #lookForEnds(sessionId: string): Promise<void> {
    for (const [id, live] of this.#followedOf(sessionId)) {
      const turn = await this.#parts.store.findTurn(sessionId, id);
      if (turn?.end === null) continue;
      this.#followed.delete(id);
      live.emit({ type: 'end', turn: turn ?? turnWithoutRecord(sessionId, id, 'deleted') });
    }
    if (this.#followedOf(sessionId).length === 0) return;
    const session = await this.#parts.store.findSession(sessionId);
    if (session?.paused !== undefined) this.#tellPaused(sessionId, session.paused);
  }

  /** Also those whose turns stand behind the one that waits. */
  #tellPaused(sessionId: string, pause: Pause): void {
    for (const [id, live] of this.#followedOf(sessionId)) {
      this.#followed.delete(id);
      live.emit({ type: 'paused', pause });
    }
  }

  async #run(claim: Claim, turn: Turn, keepPlace?: () => Promise<unknown>): Promise<void> {
    const controller = new AbortController();
    const live = this.#liveOf(turn);
    this.#running.set(turn.id, controller);
    const lease = new AbortController();
    const held = keepLease({
      ...{ store: this.#parts.store, claim, leaseMs: this.#leaseMs, turn: controller, done: lease.signal, keepPlace },
      onError: (error) => {
        this.#parts.onError(error, 'a lease was not prolonged', { sessionId: turn.sessionId, turnId: turn.id });
      },
    });
    let timer: NodeJS.Timeout | undefined;
    try {
      const ended = await this.#runHeld(claim, turn, {
        signal: controller.signal,
        live,
        setDeadline: (ms) => {
          timer = setTimeout(() => controller.abort(new TurnStopped('timeout')), Math.max(0, ms));
        },
      });
      if (ended !== undefined) {
        this.#followed.delete(turn.id);
        live.emit({ type: 'end', turn: ended });
        this.#parts.onEnd({ sessionId: turn.sessionId, turnId: turn.id });
      } else if (this.#isStopping) await this.#parts.store.release(claim).catch(() => undefined);
      else if (!live.isFollowed) this.#followed.delete(turn.id);
    } finally {
      clearTimeout(timer);
      lease.abort();
      await held;
      this.#running.delete(turn.id);
    }
  }

  /** Undefined: the turn stays open. */
  async #runHeld(
    claim: Claim,
    turn: Turn,
    { signal, live, setDeadline }: { signal: AbortSignal; live: LiveTurn; setDeadline: (ms: number) => void },
  ): Promise<Turn | undefined> {
    const { store, openAgent, priceCall, onError } = this.#parts;
    const { sessionId, id: turnId } = turn;
    try {
      const [session, turns] = await Promise.all([
        store.findSession(sessionId),
        turn.number === 1 ? [] : store.listTurns(sessionId),
      ]);
      if (session === undefined) return undefined;
      const earlier = turns.filter(({ number }) => number < turn.number);
      const agent = await openAgent(session.revision);
      this.#tellSoFar(live, turn, agent);
      const nowMs = Date.now();
      const workedMs = nowMs - (turn.startedMs ?? nowMs) - pausedMs(turn.entries, nowMs);
      const leftMs = agent.definition.limits.turnTimeout - workedMs;
      setDeadline(leftMs);
      const { definition } = agent;
      return await runTurn({
        ...{ store, claim, session, turn, earlier, agent, priceCall, signal },
        budget: this.#parts.budgets?.forTurn({ session, turn, definition, signal }),
        onPaused: (pause) => {
          this.#tellPaused(sessionId, pause);
          this.#parts.onPaused?.({ sessionId, turnId });
        },
        emit: (event) => live.emit(event),
        onUnavailable: ({ name, message }) => this.#parts.onUnavailable?.(`${session.agent}: ${name}: ${message}`),
        deadlineMs: nowMs + leftMs,
        nowMs: () => Date.now(),
        sleep: (ms) => pause(ms),
      });
    } catch (error) {
      if (error instanceof StoreUnavailableError) throw error;
      onError(error, 'a turn failed', { sessionId, turnId });
      const message = error instanceof Error ? error.message : String(error);
      const end: TurnEnd = { state: 'failed', reason: 'internal_error', message, text: '', atMs: Date.now() };
      return (await store.finish(claim, end)) ? await store.findTurn(sessionId, turnId) : undefined;
    }
  }

  /** Who follows a turn that another process began gets its text from the beginning. */
  #tellSoFar(live: LiveTurn, { entries }: Turn, { definition }: RunnableAgent): void {
    const text = visibleText(entries);
    if (text !== '' && !live.hasText && definition.output === undefined) live.emit({ type: 'text', text });
  }

  /** Ends early when everything stops. */
  async #pause(ms: number): Promise<void> {
    const { signal } = this.#stopping;
    await pause(ms, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
