import { setTimeout as pause } from 'node:timers/promises';
import type { ModelRequest } from '../models/model.ts';
import { formatUsd, parseUsd } from '../run/money.ts';
import type { Price } from '../run/price-usage.ts';
import type { ExhaustedBudget } from '../sessions/pause.ts';
import { StoreUnavailableError } from '../sessions/store.ts';
import type { Applying } from './budget-book.ts';
import type { BudgetRefusal, CallBudget, HeldTry, NextTry, TriedModel } from './call-budget.ts';
import { boundInputTokens, defaultOutputTokens, worstCaseUsd } from './estimate.ts';
import type { ResolvedAccount } from './resolve-budgets.ts';
import type { BudgetStore, HeldAccount } from './store/store.ts';

/** Beyond the time of a call: until another process has taken its turn over, or its span is in the ledger. */
const holdGraceMs = 60_000;
const storePauseMs = 200;
/** A call counts to so many at most; a store refuses more. */
const accountsMax = 64;

export interface CallHoldsParts {
  project: string;
  store: Pick<BudgetStore, 'reserve' | 'release' | 'noteRefusal'>;
  /** What applies now, of a context. */
  applying: () => Promise<Applying>;
  /** Asks the server for what these accounts have by now; false: it was asked a moment ago. */
  refresh: (accountIds: readonly string[]) => Promise<boolean>;
  findPrice: (asked: { provider: string; model: string; atMs: number }) => Promise<Price | undefined>;
  callId: (next: Pick<NextTry, 'number' | 'model'>) => string;
  /** Where the server has never said what applies. */
  refusesUnknown: boolean;
  /** How long a store that is away is waited for. */
  patienceMs: number;
  nowMs: () => number;
}

/** Holds the worst case of each try in all budgets that apply to it, or says why it must not be made. */
export class CallHolds implements CallBudget {
  readonly #parts: CallHoldsParts;

  constructor(parts: CallHoldsParts) {
    this.#parts = parts;
  }

  async hold(next: NextTry): Promise<HeldTry> {
    const applying = await this.#parts.applying();
    if (applying.status === 'unknown')
      return this.#parts.refusesUnknown
        ? refuse('budget_unavailable', unresolved)
        : { status: 'granted', request: next.request };
    const accounts = sortAccounts(applying.accounts, next);
    if (accounts.length === 0) return { status: 'granted', request: next.request };
    const isStopping = accounts.some((account) => stops(account, next));
    const bounded = { ...next.request, maxOutputTokens: next.request.maxOutputTokens ?? defaultOutputTokens };
    // Budgets that only tell change nothing.
    const request = isStopping ? bounded : next.request;
    const amountUsd = await this.#worstCase(next.model, bounded);
    if (amountUsd === undefined)
      return isStopping ? refuse('price_unknown', describeUnpriced(next.model)) : { status: 'granted', request };
    return this.#reserve(next, { accounts, amountUsd, request });
  }

  async release(next: Pick<NextTry, 'number' | 'model'>): Promise<void> {
    // What is not given back now is when it runs out.
    await this.#parts.store.release(this.#parts.project, this.#parts.callId(next)).catch(() => undefined);
  }

  async #worstCase(
    model: TriedModel,
    request: ModelRequest & { maxOutputTokens: number },
  ): Promise<string | undefined> {
    const { provider, model: name, adapter, reportedPrice, declaredPrice } = model;
    const bounds = {
      inputTokens: boundInputTokens(request),
      outputTokens: adapter.boundOutputTokens?.(request) ?? request.maxOutputTokens,
    };
    if (reportedPrice !== undefined) return worstCaseUsd(reportedPrice, bounds);
    const found = await this.#parts.findPrice({ provider, model: name, atMs: this.#parts.nowMs() });
    return (found && worstCaseUsd(found, bounds)) ?? (declaredPrice && worstCaseUsd(declaredPrice, bounds));
  }

  async #reserve(next: NextTry, { accounts, amountUsd, request }: Wanted): Promise<HeldTry> {
    const first = await this.#tryReserve(next, { accounts, amountUsd });
    if (first === 'granted') return { status: 'granted', request, reservedUsd: amountUsd };
    if (first === 'away') return this.#withoutStore(next, { accounts, request });
    // Nobody is refused by a number of a minute ago: the budget may have been raised, or calls been cheaper than they might.
    const isAsked = await this.#parts.refresh(first.map(({ accountId }) => accountId)).catch(() => false);
    const applying = isAsked ? await this.#parts.applying() : undefined;
    const now = applying?.status === 'known' ? sortAccounts(applying.accounts, next) : accounts;
    const second = isAsked ? await this.#tryReserve(next, { accounts: now, amountUsd }) : first;
    if (second === 'granted') return { status: 'granted', request, reservedUsd: amountUsd };
    if (second === 'away') return this.#withoutStore(next, { accounts: now, request });
    await this.#noteRefusal(second, { accounts: now, amountUsd });
    return judge(second, { accounts: now, amountUsd });
  }

  /** Who watches the budget knows then that it is used up, whatever is left. Of one that pauses the sessions that wait tell it. */
  async #noteRefusal(
    refusals: readonly { accountId: string }[],
    { accounts, amountUsd }: Pick<Wanted, 'accounts' | 'amountUsd'>,
  ): Promise<void> {
    const refusing = accounts.filter(
      (account) =>
        account.action !== 'pause' &&
        refusals.some(({ accountId }) => accountId === account.accountId) &&
        // Else it is only other calls under way that are in its way.
        parseUsd(account.spentUsd) + parseUsd(amountUsd) > parseUsd(account.amountUsd),
    );
    if (refusing.length === 0) return;
    const noted = refusing.map((one) => ({
      accountId: one.accountId,
      windowKey: one.window.key,
      amountUsd: one.amountUsd,
    }));
    await this.#parts.store.noteRefusal(this.#parts.project, noted).catch(() => undefined);
  }

  /** Those that refuse, or that the store is away. */
  async #tryReserve(
    next: NextTry,
    { accounts, amountUsd }: Pick<Wanted, 'accounts' | 'amountUsd'>,
  ): Promise<'granted' | 'away' | { accountId: string; remainingUsd: string }[]> {
    const { store, project, callId, patienceMs, nowMs } = this.#parts;
    const giveUpMs = nowMs() + patienceMs;
    for (;;) {
      try {
        const reservation = await store.reserve({
          ...{ project, amountUsd, callId: callId(next), holdMs: next.model.settings.timeout + holdGraceMs },
          accounts: accounts.map((account) => toHeld(account, { isStopping: stops(account, next), nowMs: nowMs() })),
        });
        return reservation.granted ? 'granted' : reservation.refusals;
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
        if (nowMs() > giveUpMs) return 'away';
        await pause(storePauseMs);
      }
    }
  }

  #withoutStore(next: NextTry, { accounts, request }: Pick<Wanted, 'accounts' | 'request'>): HeldTry {
    if (!accounts.some((account) => stops(account, next))) return { status: 'granted', request };
    return refuse('budget_unavailable', 'What is spent of the budgets that apply cannot be read now; try again.');
  }
}

interface Wanted {
  accounts: readonly ResolvedAccount[];
  amountUsd: string;
  request: ModelRequest;
}

const unresolved =
  'Which budgets apply is not known: the server has not answered since the runtime started; try again.';

/** The last model of a chain is what a downgrade is to. */
function stops({ action }: ResolvedAccount, { isLast }: Pick<NextTry, 'isLast'>): boolean {
  return action === 'block' || action === 'pause' || (action === 'downgrade' && !isLast);
}

/** Those that stop first, so that none of them is left out where there are too many. */
function sortAccounts(accounts: readonly ResolvedAccount[], next: NextTry): ResolvedAccount[] {
  return [...accounts].sort((a, b) => Number(stops(b, next)) - Number(stops(a, next))).slice(0, accountsMax);
}

/** A cheaper model comes before everything; then what does more. */
function judge(
  refusals: readonly { accountId: string; remainingUsd: string }[],
  { accounts, amountUsd }: Pick<Wanted, 'accounts' | 'amountUsd'>,
): HeldTry {
  const refusing = refusals.flatMap(({ accountId, remainingUsd }) => {
    const account = accounts.find((one) => one.accountId === accountId);
    return account === undefined ? [] : [{ account, remainingUsd }];
  });
  if (refusing.some(({ account }) => account.action === 'downgrade')) return { status: 'skipped' };
  const [first] = refusing.sort((a, b) => Number(b.account.action === 'block') - Number(a.account.action === 'block'));
  if (first === undefined) throw new Error('a budget refuses that was not asked');
  const budget = describeExhausted(first.account, { remainingUsd: first.remainingUsd, neededUsd: amountUsd });
  return refuse('budget_exhausted', describeRefusal(budget), budget);
}

function describeExhausted(
  { accountId, budgetId, name, action, value, amountUsd, spentUsd, window }: ResolvedAccount,
  { remainingUsd, neededUsd }: { remainingUsd: string; neededUsd: string },
): ExhaustedBudget {
  const held = parseUsd(amountUsd) - parseUsd(spentUsd) - parseUsd(remainingUsd);
  return {
    ...{ accountId, budgetId, name, value, amountUsd, spentUsd, neededUsd },
    action: action === 'pause' ? 'pause' : 'block',
    heldUsd: formatUsd(held > 0n ? held : 0n),
    windowKey: window.key,
    beginsAnew: window.to,
  };
}

function describeRefusal({
  name,
  value,
  amountUsd,
  spentUsd,
  heldUsd,
  neededUsd,
  beginsAnew,
  action,
}: ExhaustedBudget) {
  const whose = value === null ? '' : ` of ${value}`;
  const held = parseUsd(heldUsd) === 0n ? '' : ` and $${heldUsd} held by other calls`;
  const anew = beginsAnew === null ? '' : `; it begins anew at ${beginsAnew}`;
  const waits = action === 'pause' ? ' The session waits until there is enough, and then goes on by itself.' : '';
  return `The budget ${name}${whose} is used up: of $${amountUsd}, $${spentUsd} are spent${held}, and this call may cost $${neededUsd}${anew}.${waits}`;
}

function describeUnpriced({ provider, model }: TriedModel): string {
  return `${provider}/${model} has no price, and a budget that stops needs one: give it one in SIGHTGLASS_PRICES_FILE, or as price beside the model in the definition.`;
}

function refuse(reason: BudgetRefusal['reason'], message: string, budget?: ExhaustedBudget): HeldTry {
  return { status: 'refused', refusal: { reason, message, budget } };
}

function toHeld(
  { accountId, amountUsd, window, spentUsd, asOfMs }: ResolvedAccount,
  { isStopping, nowMs }: { isStopping: boolean; nowMs: number },
): HeldAccount {
  return {
    ...{ accountId, isStopping, windowKey: window.key, limitUsd: amountUsd },
    untilMs: window.to === null ? untilOfOpen(window, nowMs) : Date.parse(window.to),
    ledger: { spentUsd, asOfMs },
  };
}

/** A rolling window is as long as it reaches back; a total has no end. */
function untilOfOpen({ key, from }: ResolvedAccount['window'], nowMs: number): number | null {
  return key === rollingKey ? 2 * nowMs - Date.parse(from) : null;
}

const rollingKey = 'rolling';
