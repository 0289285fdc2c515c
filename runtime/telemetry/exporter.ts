import { setImmediate } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Session, Turn } from '../sessions/record.ts';
import { type SessionStore, StoreUnavailableError } from '../sessions/store.ts';
import type { Capture } from './capture.ts';
import { gatewaySpans } from './gateway-spans.ts';
import { ProjectBatches } from './project-batches.ts';
import { SpanBatch } from './span-batch.ts';
import type { Span } from './span.ts';
import type { SpanSender } from './span-sender.ts';
import type { AgentFacts } from './turn-record.ts';
import { doneSpans, turnSpans } from './turn-spans.ts';

export interface ExporterOptions {
  store: Outbox;
  sender: Pick<SpanSender, 'send' | 'close'>;
  /** Undefined: its definition is not known any more. May throw a StoreUnavailableError. */
  describe: (session: Session, turn: Turn) => Promise<AgentFacts | undefined>;
  /** What of gateway calls goes into spans. */
  gatewayCapture: Capture;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** How often it is looked for turns that other processes left behind. */
  sweepMs?: number;
}

type Outbox = Pick<
  SessionStore,
  'listUnexported' | 'markExported' | 'findSession' | 'findTurn' | 'listTurns' | 'listCalls' | 'removeCalls'
>;

export interface TurnRef {
  sessionId: string;
  turnId: string;
}

/** A turn whose spans are on their way; one that waits has more to come, and stays what it is in the outbox. */
interface SentTurn {
  ref: TurnRef;
  isOpen: boolean;
}

const defaultSweepMs = 5_000;
/** What ends within this time goes into one request. */
const gatherMs = 30;
/** Turns, or calls, that are read before others are sent. */
const itemsPerPass = 100;
/** More own turns than these wait in the store only. */
const ownMax = 10_000;
const firstBackoffMs = 500;
const backoffMaxMs = 10_000;
/** A turn whose spans cannot be made is left alone for so long. */
const brokenPauseMs = 60_000;

/**
 * Sends the spans of turns that ended, and of gateway calls, whichever process ran them. The store is the outbox: what the collector
 * did not take stays in it, and is sent again by any process; ids are the same then. While the collector is away it warns once.
 */
export class SpanExporter {
  readonly #options: ExporterOptions;
  /** Ended in this process and not sent yet. */
  readonly #own = new Map<string, TurnRef>();
  /** Whose spans could not be made, and when it is tried again. They stay in the outbox. */
  readonly #broken = new Map<string, number>();
  #wake: (() => void) | undefined;
  #isNotified = false;
  #isStopping = false;
  #failures = 0;
  #running: Promise<void> | undefined;

  constructor(options: ExporterOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** A turn, or without one a gateway call, has just ended, or a turn waits: it is sent at once. */
  notify(turn?: TurnRef): void {
    if (turn !== undefined && this.#own.size < ownMax) this.#own.set(keyOf(turn), turn);
    this.#isNotified = true;
    this.#wake?.();
  }

  /** Sends what is left, for so long at most, and ends. False: something stays in the outbox. */
  async drain(limitMs: number): Promise<boolean> {
    this.#isStopping = true;
    this.#wake?.();
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<false>((resolve) => (timer = setTimeout(resolve, limitMs, false)));
    const sent = await Promise.race([this.#sendRest(), limit]);
    clearTimeout(timer);
    void this.#options.sender.close(); // a request that hangs is not waited for
    return sent;
  }

  async #run(): Promise<void> {
    let isSweep = true;
    while (!this.#isStopping) {
      this.#isNotified = false;
      const outcome = await this.#tryPass(isSweep);
      if (outcome === 'more') continue;
      isSweep = await this.#rest(outcome === 'failed');
    }
  }

  /** Answers whether it is time to look at the whole outbox. */
  async #rest(hasFailed: boolean): Promise<boolean> {
    if (hasFailed) {
      await this.#sleep(Math.min(firstBackoffMs * 2 ** (this.#failures - 1), backoffMaxMs));
      return true;
    }
    if (!this.#isNotified) await this.#sleep(this.#options.sweepMs ?? defaultSweepMs, () => this.#isNotified);
    const isSweep = !this.#isNotified;
    if (!isSweep) await this.#sleep(gatherMs);
    return isSweep;
  }

  /** Until the time is over, or it is stopping, or what is waited for is there. */
  async #sleep(ms: number, isOver: () => boolean = () => false): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        if (!this.#isStopping && !isOver()) return;
        clearTimeout(timer);
        resolve();
      };
      this.#wake();
    });
    this.#wake = undefined;
  }

  async #sendRest(): Promise<boolean> {
    await this.#running;
    let outcome: PassOutcome;
    do outcome = await this.#tryPass(true);
    while (outcome === 'more');
    return outcome === 'done' && this.#broken.size === 0;
  }

  async #tryPass(isSweep: boolean): Promise<PassOutcome> {
    try {
      const count = (await this.#passTurns(isSweep)) + (await this.#passCalls());
      if (this.#failures > 0) this.#options.log.info('spans are sent again');
      this.#failures = 0;
      return count >= itemsPerPass || this.#own.size > 0 ? 'more' : 'done';
    } catch (error) {
      this.#failures += 1;
      if (this.#failures === 1)
        this.#options.log.warn({ err: error }, 'spans cannot be sent: they are kept and tried again');
      return 'failed';
    }
  }

  /** Answers how many were at hand. */
  async #passTurns(isSweep: boolean): Promise<number> {
    const { store } = this.#options;
    const own = [...this.#own.values()].slice(0, itemsPerPass);
    const listed = isSweep ? await store.listUnexported(itemsPerPass + this.#broken.size) : [];
    const refs = new Map([...own, ...listed].map((ref) => [keyOf(ref), ref]));
    const batch = this.#openBatches<SentTurn>(async (turns) => {
      const ended = turns.filter(({ isOpen }) => !isOpen).map(({ ref }) => ref);
      if (ended.length > 0) await store.markExported(ended);
      // One that has ended meanwhile was notified again.
      for (const { ref, isOpen } of turns)
        if (!isOpen || this.#own.get(keyOf(ref)) === ref) this.#own.delete(keyOf(ref));
    });
    let count = 0;
    for (const [key, ref] of refs) {
      if ((this.#broken.get(key) ?? 0) > Date.now()) continue;
      await setImmediate(); // turns under way come first
      const made = await this.#makeSpans(ref);
      if (made !== undefined) await batch.add({ ref, isOpen: made.isOpen }, made.spans, made.project);
      count += 1;
    }
    await batch.flush();
    return count;
  }

  async #passCalls(): Promise<number> {
    const { store, gatewayCapture } = this.#options;
    const calls = await store.listCalls(itemsPerPass);
    const batch = this.#openBatches<string>((ids) => store.removeCalls(ids));
    for (const call of calls) await batch.add(call.id, gatewaySpans(call, gatewayCapture), call.project);
    await batch.flush();
    return calls.length;
  }

  #openBatches<Item>(acknowledge: (items: Item[]) => Promise<void>): ProjectBatches<Item> {
    const { sender, log } = this.#options;
    return new ProjectBatches(
      (project) => new SpanBatch({ send: (spans) => sender.send(spans, project), acknowledge, log }),
    );
  }

  /** None of a turn that is gone: there is nothing to send. Undefined: they cannot be made. */
  async #makeSpans(ref: TurnRef): Promise<{ spans: Span[]; project: string | undefined; isOpen: boolean } | undefined> {
    const { store, describe, log } = this.#options;
    const session = await store.findSession(ref.sessionId, { evenExpired: true });
    const turn = session && (await store.findTurn(ref.sessionId, ref.turnId));
    if (session === undefined || turn === undefined) return { spans: [], project: undefined, isOpen: false };
    const isOpen = turn.end === null;
    const turns = turn.number === 1 ? [] : await store.listTurns(ref.sessionId);
    try {
      const agent = (await describe(session, turn)) ?? unknownAgent(session);
      const earlier = turns.filter(({ number }) => number < turn.number);
      const record = { session, earlier, turn, agent };
      const spans = isOpen ? doneSpans(record) : turnSpans(record);
      this.#broken.delete(keyOf(ref));
      return { spans, project: session.project, isOpen };
    } catch (error) {
      if (error instanceof StoreUnavailableError) throw error;
      if (!this.#broken.has(keyOf(ref)))
        log.error({ err: error, ...ref }, 'the spans of a turn cannot be made: it stays in the outbox');
      this.#broken.set(keyOf(ref), Date.now() + brokenPauseMs);
      this.#own.delete(keyOf(ref));
      return undefined;
    }
  }
}

/** `more`: there may be others behind them. */
type PassOutcome = 'done' | 'more' | 'failed';

function keyOf({ sessionId, turnId }: TurnRef): string {
  return `${sessionId} ${turnId}`;
}

/** Who says nothing about content gets none of it shown. */
function unknownAgent({ agent }: Session): AgentFacts {
  return { name: agent, labels: {}, capture: 'none', instructions: '', tools: [] };
}
