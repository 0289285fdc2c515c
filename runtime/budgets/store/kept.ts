/** Budgets that one call counts to: those of its agent, user, session, labels, team, cost centre and project. */
export const accountsPerCall = 64;
/** Calls of a project that are under way or wait for the ledger. 500 sessions have some thousands; of each about 500 bytes are kept. */
export const callLimit = 100_000;
/** Accounts of a project. Beyond it those without a call go that were used longest ago: the ledger knows them. */
export const accountLimit = 100_000;
/** An account without a call that nobody used for so long is forgotten. */
export const idleAccountMs = 24 * 60 * 60 * 1000;
/** A call that was not settled in time can still be for so long: no request to a model takes longer. */
export const lateSettleMs = 60 * 60 * 1000;
/** A call counts no longer than the longest calendar window. */
export const longestCountMs = 366 * 24 * 60 * 60 * 1000;
/** A reading further ahead than this comes from a clock that was wrong; any other one replaces it. */
export const clockDoubtMs = 60_000;
/** Calls whose time has come are looked at with every reservation, so many at a time. */
export const dueLimit = 1_000;
/** One reading of accounts, pending calls or projects. */
export const listLimit = 1_000;
/** Rounds of one sweep over a project. */
export const sweepRounds = 200;

export function refuseFull(project: string): Error {
  return new Error(
    `${callLimit} calls of project ${project} are under way or wait for the ledger already: under a budget that stops no other is made`,
  );
}
