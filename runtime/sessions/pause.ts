/** A budget that has too little left for a call, as it was then. Amounts are US dollars, decimals. */
export interface ExhaustedBudget {
  /** The part of the budget that is used up: that of one user, of one session, … */
  accountId: string;
  budgetId: string;
  name: string;
  action: 'pause' | 'block';
  /** Whose part it is; null: all of the budget. */
  value: string | null;
  amountUsd: string;
  /** In the ledger. */
  spentUsd: string;
  /** Of calls that are under way or not yet in the ledger. */
  heldUsd: string;
  /** What the call might have cost at most. */
  neededUsd: string;
  windowKey: string;
  /** When it begins anew, RFC 3339; null: never, or little by little. */
  beginsAnew: string | null;
}

/** Why a session waits, and since when. */
export interface Pause {
  sessionId: string;
  turnId: string;
  budget: ExhaustedBudget;
  sinceMs: number;
  /** The session of a sub-agent that waits itself: its answer is what this one needs. */
  waitsFor?: string | undefined;
}
