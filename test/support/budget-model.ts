import type { BudgetStore, Hold, PendingCall, Reconciliation, Reservation } from '../../runtime/budgets/store/store.ts';
import { addUsd, formatUsd, parseUsd } from '../../runtime/run/money.ts';

interface ModelCall {
  hold: Hold;
  state: 'reserved' | 'expired' | 'settled';
  runsOutMs: number;
  amountUsd: string;
  span: { traceId: string; spanId: string };
  /** Accounts that it counts to. */
  fields: string[];
}

/**
 * What a store of one project is to do, as plainly as it can be said: no sum is kept, each is added up from the calls whenever
 * somebody asks. A reservation for 0 ms has run out when the next one looks.
 */
export class BudgetModel implements Pick<BudgetStore, 'settle' | 'release' | 'reconcile'> {
  readonly #ledger = new Map<string, { spentUsd: string; asOfMs: number }>();
  readonly #calls = new Map<string, ModelCall>();

  reserve(hold: Hold): Reservation {
    this.look();
    const known = this.#calls.get(hold.callId);
    if (known?.state === 'settled') return { granted: true };
    if (known?.state === 'reserved') {
      known.runsOutMs = Math.max(known.runsOutMs, hold.holdMs);
      return { granted: true };
    }
    for (const account of hold.accounts) {
      if (!this.#ledger.has(fieldOf(account))) this.#ledger.set(fieldOf(account), account.ledger);
    }
    const refusals = hold.accounts.flatMap((account) => {
      const left = parseUsd(account.limitUsd) - parseUsd(addUsd(Object.values(this.#sumsOf(fieldOf(account)))));
      if (!account.isStopping || left >= parseUsd(hold.amountUsd)) return [];
      return [{ accountId: account.accountId, remainingUsd: formatUsd(left < 0n ? 0n : left) }];
    });
    if (refusals.length > 0) return { granted: false, refusals };
    this.#calls.set(hold.callId, {
      hold,
      state: 'reserved',
      runsOutMs: hold.holdMs,
      amountUsd: hold.amountUsd,
      span: { traceId: '', spanId: '' },
      fields: hold.accounts.map(fieldOf),
    });
    return { granted: true };
  }

  settle(_: string, callId: string, settlement: Parameters<BudgetStore['settle']>[2]): Promise<void> {
    const call = this.#calls.get(callId);
    if (call === undefined || call.state === 'settled') return Promise.resolve();
    const { amountUsd, ...span } = settlement;
    const over = new Set(call.hold.accounts.filter(isOver).map(fieldOf));
    Object.assign(call, { state: 'settled', amountUsd, span });
    this.#drop(callId, (field) => over.has(field) || amountUsd === '0');
    return Promise.resolve();
  }

  release(_: string, callId: string): Promise<void> {
    if (this.#calls.get(callId)?.state !== 'settled') this.#calls.delete(callId);
    return Promise.resolve();
  }

  reconcile(_: string, { asOfMs, accounts, bookedCallIds }: Reconciliation): Promise<void> {
    const taken = new Set<string>();
    for (const account of accounts) {
      const field = fieldOf(account);
      if (asOfMs <= (this.#ledger.get(field)?.asOfMs ?? -1)) continue;
      this.#ledger.set(field, { spentUsd: account.spentUsd, asOfMs });
      taken.add(field);
    }
    for (const id of bookedCallIds) {
      if (this.#calls.get(id)?.state === 'settled') this.#drop(id, (field) => taken.has(field));
    }
    return Promise.resolve();
  }

  look(): void {
    for (const call of this.#calls.values()) {
      if (call.state === 'reserved' && call.runsOutMs === 0) call.state = 'expired';
    }
  }

  /** Spent, pending and reserved of each account, by its name. */
  sums(): Record<string, [string, string, string]> {
    this.look();
    return Object.fromEntries(
      [...this.#ledger.keys()].map((field) => {
        const { spent, pending, reserved } = this.#sumsOf(field);
        return [field, [spent, pending, reserved]];
      }),
    );
  }

  pending(): PendingCall[] {
    return [...this.#calls]
      .filter(([, { state }]) => state === 'settled')
      .map(([callId, { amountUsd, span, fields, hold }]) => ({
        callId,
        amountUsd,
        ...span,
        accounts: hold.accounts
          .filter((account) => fields.includes(fieldOf(account)))
          .map(({ accountId, windowKey }) => ({ accountId, windowKey })),
      }));
  }

  #sumsOf(field: string): { spent: string; pending: string; reserved: string } {
    const own = [...this.#calls.values()].filter(({ fields }) => fields.includes(field));
    const sumOf = (wanted: string) =>
      addUsd(own.filter(({ state }) => state === wanted).map(({ amountUsd }) => amountUsd));
    return {
      spent: this.#ledger.get(field)?.spentUsd ?? '0',
      pending: sumOf('settled'),
      reserved: sumOf('reserved'),
    };
  }

  #drop(callId: string, isGone: (field: string) => boolean): void {
    const call = this.#calls.get(callId);
    if (call === undefined) return;
    call.fields = call.fields.filter((field) => !isGone(field));
    if (call.fields.length === 0) this.#calls.delete(callId);
  }
}

function fieldOf({ accountId, windowKey }: { accountId: string; windowKey: string }): string {
  return `${accountId} ${windowKey}`;
}

function isOver({ untilMs }: { untilMs: number | null }): boolean {
  return untilMs !== null && untilMs <= Date.now();
}
