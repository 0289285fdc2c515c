import { setTimeout as pause } from 'node:timers/promises';
import type { AgentDefinition } from '../definition/schema.ts';
import type { PriceTable } from '../run/prices.ts';
import type { GatewayCall, Session } from '../sessions/record.ts';
import { type SessionStore, StoreUnavailableError } from '../sessions/store.ts';
import { BudgetBook, type Declarer } from './budget-book.ts';
import type { CallBudget } from './call-budget.ts';
import { CallHolds } from './call-holds.ts';
import { Reconciler } from './reconciler.ts';
import { gatewayCallId, gatewayCalls, type RecordedCall } from './recorded-calls.ts';
import type { BudgetContext, ResolveBudgets } from './resolve-budgets.ts';
import { resumePaused } from './resume-paused.ts';
import type { BudgetStore } from './store/store.ts';
import { type TurnBudget, turnBudget, type TurnBudgetParts } from './turn-budget.ts';

/** How often the server is asked what was booked and changed, of projects that made calls lately. */
const lookMs = 2_000;
const usedWithinMs = 60_000;
/** Projects with calls that other processes made and left. */
const lookForLeftMs = 10_000;
const sweepMs = 60_000;
const accountsPerLook = 2_000;
/** A client waits for it. */
const gatewayPatienceMs = 2_000;
const callerDepthMax = 5;
const listedMax = 1_000;
const listedPausedMax = 500;

/** What becomes of calls while the server has never said which budgets apply to them. */
export type WhenUnresolved = 'declared' | 'refuse' | 'allow';

export interface BudgetsParts {
  ask: ResolveBudgets;
  store: BudgetStore;
  sessions: SessionStore;
  prices: Pick<PriceTable, 'find' | 'price'>;
  /** Of a revision. */
  describe: (revision: string) => Promise<Pick<AgentDefinition, 'labels' | 'budgets'>>;
  whenUnresolved: WhenUnresolved;
  /** Works on a session that may go on. */
  goOn: (sessionId: string) => void;
  onError: (error: unknown, what: string) => void;
  nowMs?: (() => number) | undefined;
}

/** Everything that the runtime does with budgets: what turns and the gateway ask of them, and a loop that keeps them true. */
export class Budgets {
  readonly #parts: BudgetsParts;
  readonly #book: BudgetBook;
  readonly #reconciler: Reconciler;
  readonly #stopping = new AbortController();
  #looking: Promise<void> = Promise.resolve();

  constructor(parts: BudgetsParts) {
    this.#parts = parts;
    const { ask, store, nowMs = Date.now } = parts;
    this.#book = new BudgetBook({ ask, nowMs });
    this.#reconciler = new Reconciler({
      ...{ ask, store, nowMs, book: this.#book },
      listDeclarers: () => this.#listDeclarers(),
    });
  }

  forTurn(turn: Pick<TurnBudgetParts, 'session' | 'turn' | 'definition' | 'signal'>): TurnBudget {
    return turnBudget({
      ...turn,
      book: this.#book,
      listCallerLabels: (session) => this.#listCallerLabels(session),
      refusesUnknown: (context) => this.#refusesUnknown(context),
      holds: this.#holds,
      settle: (project, calls) => this.settle(project, calls),
    });
  }

  /** Of a call of the gateway. Undefined: no budget counts it. */
  async forGateway(
    call: { id: string },
    whose: Omit<BudgetContext, 'agent' | 'declared'>,
  ): Promise<CallBudget | undefined> {
    const { project } = whose;
    if (this.#book.isEmpty(project)) return undefined;
    const context: BudgetContext = { ...whose, agent: null, declared: [] };
    const refusesUnknown = this.#refusesUnknown(context);
    const applying = await this.#book.applyingTo(context);
    const isFree = applying.status === 'known' ? applying.accounts.length === 0 : !refusesUnknown;
    if (isFree) return undefined;
    return new CallHolds({
      ...this.#holds,
      ...{ project, refusesUnknown, patienceMs: gatewayPatienceMs },
      applying: () => this.#book.applyingTo(context),
      refresh: (accountIds) => this.#holds.refresh(project, accountIds),
      callId: ({ number, model }) => gatewayCallId(call, { number, provider: model.provider, model: model.model }),
    });
  }

  /** Of a call of the gateway that was kept. Never rejects. */
  async settleGateway(call: GatewayCall): Promise<void> {
    if (call.attempts.every(({ reservedUsd }) => reservedUsd === undefined)) return;
    await this.settle(call.project ?? 'default', gatewayCalls(call, await this.#costOf(call)));
  }

  /** Never rejects: what is not settled runs out, and the ledger has the call then. */
  async settle(project: string, calls: readonly RecordedCall[]): Promise<void> {
    for (const { callId, ...settlement } of calls) {
      await this.#parts.store
        .settle(project, callId, settlement)
        .catch((error: unknown) => this.#parts.onError(error, 'a call was not settled'));
    }
  }

  /** `GET /v1/budgets`: what is on top of the ledger, and who waits. */
  async describe(project: string) {
    const { store, sessions } = this.#parts;
    const [kept, all] = await Promise.all([store.readAccounts(project, listedMax), sessions.listPaused(listedMax)]);
    const paused = all.filter((one) => (one.project ?? 'default') === project);
    const waiting = Map.groupBy(paused, ({ pause }) => pause.budget.accountId);
    // Of an account from which nothing was taken yet only those are known who wait for it.
    const others = [...waiting].flatMap(([accountId, [first]]) => {
      const isKept = first === undefined || kept.some((one) => one.accountId === accountId);
      const { windowKey } = first?.pause.budget ?? { windowKey: '' };
      return isKept ? [] : [{ accountId, windowKey, reservedUsd: '0', pendingUsd: '0', spentUsd: '0', refused: null }];
    });
    return {
      accounts: [...kept, ...others].map(({ accountId, windowKey, reservedUsd, pendingUsd, spentUsd, refused }) => ({
        ...{ accountId, windowKey, reservedUsd, pendingUsd, spentUsd, refused },
        pausedSessions: waiting.get(accountId)?.length ?? 0,
      })),
      paused: paused.slice(0, listedPausedMax).map(({ sessionId, agent, pause }) => ({
        ...{ sessionId, agent, accountId: pause.budget.accountId, sinceMs: pause.sinceMs },
      })),
    };
  }

  start(): void {
    this.#looking = this.#look();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#looking;
  }

  async #costOf({ attempts, reply }: GatewayCall): Promise<string | undefined> {
    const last = attempts.at(-1);
    if (reply?.costUsd !== undefined || reply?.usage === undefined || last === undefined) return reply?.costUsd;
    const { provider, model, startMs } = last;
    const { responseModel = model, usage } = reply;
    return this.#parts.prices.price({ provider, usage, model: responseModel, atMs: startMs });
  }

  get #holds(): TurnBudgetParts['holds'] {
    const { store, prices, nowMs = Date.now } = this.#parts;
    return {
      ...{ store, nowMs },
      refresh: (project, accountIds) => this.#reconciler.refresh(project, accountIds),
      findPrice: (asked) => prices.find(asked),
    };
  }

  /** By default where it is known that a budget that stops applies, and not how much of it is left. */
  #refusesUnknown({ declared }: BudgetContext): boolean {
    const { whenUnresolved } = this.#parts;
    if (whenUnresolved !== 'declared') return whenUnresolved === 'refuse';
    return declared.some(({ action }) => action === 'block' || action === 'pause');
  }

  /** Until told to stop. Never rejects. */
  async #look(): Promise<void> {
    const { signal } = this.#stopping;
    const due = { left: 0, sweep: 0 };
    while (!signal.aborted) {
      try {
        await this.#lookOnce(due);
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) this.#parts.onError(error, 'looking after budgets failed');
      }
      await pause(lookMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #lookOnce(due: { left: number; sweep: number }): Promise<void> {
    const { store, sessions, goOn } = this.#parts;
    const nowMs = Date.now();
    const used = new Map(this.#book.listUsed(usedWithinMs).map((one) => [one.project, one.accountIds]));
    if (nowMs >= due.left) {
      due.left = nowMs + lookForLeftMs;
      for (const project of await store.listProjects()) if (!used.has(project)) used.set(project, []);
    }
    for (const [project, accountIds] of used) await this.#reconciler.run(project, accountIds.slice(-accountsPerLook));
    await resumePaused({ sessions, store, goOn, book: this.#book, reconciler: this.#reconciler });
    if (nowMs < due.sweep) return;
    due.sweep = nowMs + sweepMs;
    await store.sweep();
  }

  async #listDeclarers(): Promise<Declarer[]> {
    const { sessions, describe } = this.#parts;
    const deployed = await sessions.listDeployed();
    const all = await Promise.all(
      deployed.map(async ({ agent, revision }) => ({
        agent,
        declared: (await describe(revision).catch(() => undefined))?.budgets ?? [],
      })),
    );
    return all.filter(({ declared }) => declared.length > 0);
  }

  async #listCallerLabels(session: Session): Promise<Record<string, string>[]> {
    const { sessions, describe } = this.#parts;
    const labels: Record<string, string>[] = [];
    let at: Session | undefined = session;
    while (at !== undefined && at.parent !== null && labels.length < callerDepthMax) {
      at = await sessions.findSession(at.parent.sessionId, { evenExpired: true }).catch(() => undefined);
      const definition = at === undefined ? undefined : await describe(at.revision).catch(() => undefined);
      labels.push(definition?.labels ?? {});
    }
    return labels;
  }
}
