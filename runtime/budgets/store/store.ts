/** What a call may spend of one budget account at most is counted to it before the call is made. */
export interface HeldAccount {
  accountId: string;
  /** Changes when a new period begins: nothing of the old one counts to the new one. */
  windowKey: string;
  /** Of now: raising or lowering it counts from the next call on. */
  limitUsd: string;
  /** False: the budget only warns and never refuses. */
  isStopping: boolean;
  /**
   * Until when this call counts to the account at the latest: the end of a calendar window, now + its length of a rolling one,
   * null of a total.
   */
  untilMs: number | null;
  /**
   * What the ledger says of the account. It is taken only where the store knows nothing of this window yet; later readings come
   * with `reconcile`. So it may be as old as the last of these, a minute, not an hour.
   */
  ledger: LedgerReading;
}

/** A sum of the ledger, and the moment of the snapshot it was read in. */
export interface LedgerReading {
  spentUsd: string;
  asOfMs: number;
}

export interface Hold {
  project: string;
  /** Unique within its project, and of one request to a provider: what is sent again after a crash is another call. */
  callId: string;
  /** The most that the call can cost. */
  amountUsd: string;
  /**
   * For how long it is held unless it is settled: longer than the call may take, and than its span needs to the ledger where its
   * process dies. Reserving again holds it for so long from then on.
   */
  holdMs: number;
  /** All of them or none, at most 64. */
  accounts: readonly HeldAccount[];
}

export type Reservation =
  | { granted: true }
  /** All accounts that have too little left, in the order given. Nothing was reserved. */
  | { granted: false; refusals: { accountId: string; remainingUsd: string }[] };

/** What a call really cost, and the span by which the ledger will know it. */
export interface Settlement {
  amountUsd: string;
  traceId: string;
  spanId: string;
}

/** Sums of several accounts and the calls that they hold, from one snapshot of the ledger. */
export interface Reconciliation {
  asOfMs: number;
  accounts: readonly { accountId: string; windowKey: string; spentUsd: string }[];
  /** Of the pending calls that were asked for, those that the ledger had. */
  bookedCallIds: readonly string[];
}

/** Accounts that no budget has any more, and settled calls that count to them. */
export interface GoneAccounts {
  accounts: readonly { accountId: string; windowKey: string }[];
  callIds: readonly string[];
  /** One that a call was reserved in since stays as it is: who asked may not know who declares it. */
  idleMs: number;
}

export interface RefusingAccount {
  accountId: string;
  windowKey: string;
  amountUsd: string;
}

export interface KeptAccount {
  accountId: string;
  windowKey: string;
  /** By the ledger. */
  spentUsd: string;
  asOfMs: number;
  /** Settled, not yet in the ledger. */
  pendingUsd: string;
  /** Held for calls under way. */
  reservedUsd: string;
  /** When a call last did not fit, and into which amount; null: that is not known. */
  refused: { amountUsd: string; atMs: number } | null;
}

export interface PendingCall extends Settlement {
  callId: string;
  /** Those that still wait for the ledger. */
  accounts: { accountId: string; windowKey: string }[];
}

/**
 * Money that is spent and about to be spent, on top of the ledger: spent + pending + reserved never exceeds the limit of a stopping
 * account by what is granted. Every method is one atomic step, durable when it returns; times are the store's own. Every
 * method may throw a StoreUnavailableError: the same call may then be made again, nothing is done twice.
 */
export interface BudgetStore {
  /**
   * Checks and reserves in one step over all accounts. The same call again is granted as it was and adds nothing; one whose
   * reservation has run out is checked anew. Throws where 100,000 calls of the project are kept already and an account is
   * stopping; if none is, the call is granted and not counted.
   */
  reserve(hold: Hold): Promise<Reservation>;
  /**
   * Turns what was reserved into what it cost, which is pending until the ledger has it or the window is over. Also up to an hour
   * after the reservation has run out. Again, or of a call that is not known, it does nothing.
   */
  settle(project: string, callId: string, settlement: Settlement): Promise<void>;
  /** Gives back what was reserved for a call that cost nothing. A settled one stays as it is. */
  release(project: string, callId: string): Promise<void>;
  /**
   * Sets what accounts have spent and drops those pending calls from them that are in it. An account that has a reading as new
   * or newer stays as it is.
   */
  reconcile(project: string, reconciliation: Reconciliation): Promise<void>;
  /** A call was not made because these have too little left; kept as long as the account. */
  noteRefusal(project: string, accounts: readonly RefusingAccount[]): Promise<void>;
  /** Takes the calls off these accounts, and forgets those that have none left. */
  dropAccounts(project: string, gone: GoneAccounts): Promise<void>;
  /** Used last first. */
  readAccounts(project: string, limit: number): Promise<KeptAccount[]>;
  /** Settled calls that the ledger is to be asked for, those first that were asked for longest ago: asking moves them back. */
  takePendingCalls(project: string, limit: number): Promise<PendingCall[]>;
  /** Projects of which anything is kept. */
  listProjects(): Promise<string[]>;
  /**
   * Returns what has run out and forgets what is over: accounts without a call that nobody used for a day. `reserve` does the
   * former itself; call this every minute so that an idle store gets smaller.
   */
  sweep(): Promise<void>;

  ping(): Promise<void>;
  close(): Promise<void>;
}
