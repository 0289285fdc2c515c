import { type BudgetBook, type Declarer, noDeclarer } from './budget-book.ts';
import type { ResolveBudgets } from './resolve-budgets.ts';
import type { BudgetStore, PendingCall } from './store/store.ts';

/** What the server takes in one request. */
const accountsPerRequest = 200;
const callsPerRequest = 1_000;
/** A project is not asked for again by a refusal before this time. */
const askAgainMs = 1_000;
/** An account that nobody declares and no budget has is asked for again after this time. */
const goneMs = 60_000;
const goneMax = 10_000;
/** What was not reserved in for so long is in the ledger, or never comes there. */
const goneIdleMs = 5 * 60_000;

export interface ReconcilerParts {
  ask: ResolveBudgets;
  book: BudgetBook;
  store: Pick<BudgetStore, 'takePendingCalls' | 'reconcile' | 'dropAccounts'>;
  /** Definitions in force that declare budgets: accounts that another process used are declared by one of them. */
  listDeclarers: () => Promise<Declarer[]>;
  nowMs?: (() => number) | undefined;
}

/** Sets what accounts have spent to what the ledger says, and drops calls from them that it has. */
export class Reconciler {
  readonly #parts: ReconcilerParts;
  readonly #running = new Map<string, Promise<boolean>>();
  readonly #startedMs = new Map<string, number>();
  /** Accounts that the server did not know, since when. */
  readonly #gone = new Map<string, number>();

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
  }

  /** For a call that is refused: whoever comes meanwhile waits for the same answer. False: it was done a moment ago. */
  async refresh(project: string, accountIds: readonly string[]): Promise<boolean> {
    const running = this.#running.get(project);
    if (running !== undefined) {
      await running;
      return true;
    }
    if (this.#nowMs() - (this.#startedMs.get(project) ?? -Infinity) < askAgainMs) return false;
    await this.run(project, accountIds);
    return true;
  }

  /** These accounts and all that settled calls wait for. False: the server did not answer. Rejects with a StoreUnavailableError. */
  async run(project: string, accountIds: readonly string[]): Promise<boolean> {
    const before = this.#running.get(project);
    if (before !== undefined) return before;
    this.#startedMs.set(project, this.#nowMs());
    const running = this.#reconcile(project, accountIds).finally(() => this.#running.delete(project));
    this.#running.set(project, running);
    return running;
  }

  async #reconcile(project: string, accountIds: readonly string[]): Promise<boolean> {
    const { book, store } = this.#parts;
    const pending = await store.takePendingCalls(project, callsPerRequest);
    const waiting = pending.flatMap(({ accounts }) => accounts.map(({ accountId }) => accountId));
    const all = [...new Set([...accountIds, ...waiting])];
    const isKnown = (id: string) => book.find(project, id) !== undefined;
    const groups = book.groupByDeclarer(project, all.filter(isKnown));
    for (const { declarer, accountIds: own } of groups) {
      if (!(await this.#askInParts(project, { declarer, own, pending }))) return false;
    }
    const unknown = all.filter((id) => !isKnown(id) && !this.#isGone(project, id));
    if (unknown.length === 0 && groups.length > 0) return true;
    // One request also where there is nothing to ask for: it tells whether the budgets have changed.
    if (!(await this.#askInParts(project, { declarer: noDeclarer, own: unknown, pending }))) return false;
    const declarers = unknown.length === 0 ? [] : await this.#parts.listDeclarers();
    for (const declarer of declarers) {
      const own = unknown.filter((id) => !isKnown(id));
      if (own.length > 0 && !(await this.#askInParts(project, { declarer, own, pending }))) return false;
    }
    await this.#forget(project, { gone: new Set(unknown.filter((id) => !isKnown(id))), pending });
    return true;
  }

  /** Of a budget that was removed: without an end its calls would be asked about for ever. */
  async #forget(
    project: string,
    { gone, pending }: { gone: ReadonlySet<string>; pending: readonly PendingCall[] },
  ): Promise<void> {
    for (const id of gone) this.#noteGone(project, id);
    const calls = pending.filter((call) => call.accounts.some(({ accountId }) => gone.has(accountId)));
    if (calls.length === 0) return;
    const accounts = calls.flatMap((call) => call.accounts.filter(({ accountId }) => gone.has(accountId)));
    const named = new Map(accounts.map((one) => [JSON.stringify([one.accountId, one.windowKey]), one]));
    const callIds = calls.map(({ callId }) => callId);
    await this.#parts.store.dropAccounts(project, { accounts: [...named.values()], callIds, idleMs: goneIdleMs });
  }

  /** Calls that wait for the account of a budget that was removed would be asked about at every look. */
  #isGone(project: string, accountId: string): boolean {
    const sinceMs = this.#gone.get(`${project} ${accountId}`);
    return sinceMs !== undefined && this.#nowMs() - sinceMs < goneMs;
  }

  #noteGone(project: string, accountId: string): void {
    if (this.#gone.size >= goneMax) this.#gone.clear();
    this.#gone.set(`${project} ${accountId}`, this.#nowMs());
  }

  async #askInParts(
    project: string,
    { declarer, own, pending }: { declarer: Declarer; own: readonly string[]; pending: readonly PendingCall[] },
  ): Promise<boolean> {
    for (let from = 0; from === 0 || from < own.length; from += accountsPerRequest) {
      const accounts = own.slice(from, from + accountsPerRequest);
      if (!(await this.#askOnce(project, { declarer, accounts, pending }))) return false;
    }
    return true;
  }

  /** False: the server did not answer. */
  async #askOnce(
    project: string,
    {
      declarer,
      accounts,
      pending,
    }: { declarer: Declarer; accounts: readonly string[]; pending: readonly PendingCall[] },
  ): Promise<boolean> {
    const { ask, book, store } = this.#parts;
    const asked = new Set(accounts);
    const calls = pending.filter((call) => call.accounts.some(({ accountId }) => asked.has(accountId)));
    const resolution = await ask({
      ...{ project, user: null, session: null, labels: {}, ...declarer, accounts },
      calls: calls.map(({ traceId, spanId }) => ({ traceId, spanId })),
    });
    if (resolution === undefined) {
      book.noteFailure(project);
      return false;
    }
    book.note(project, resolution, declarer, accounts);
    if (resolution.accounts.length === 0) return true;
    const booked = new Set(resolution.bookedCalls.map(({ traceId, spanId }) => `${traceId} ${spanId}`));
    await store.reconcile(project, {
      asOfMs: resolution.nowMs,
      accounts: resolution.accounts.map(({ accountId, window, spentUsd }) => ({
        ...{ accountId, spentUsd, windowKey: window.key },
      })),
      bookedCallIds: calls
        .filter(({ traceId, spanId }) => booked.has(`${traceId} ${spanId}`))
        .map(({ callId }) => callId),
    });
    return true;
  }

  #nowMs(): number {
    return (this.#parts.nowMs ?? Date.now)();
  }
}
