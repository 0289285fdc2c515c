import { addUsd, parseUsd } from '../run/money.ts';
import type { PausedSession, SessionStore } from '../sessions/store.ts';
import type { BudgetBook } from './budget-book.ts';
import type { Reconciler } from './reconciler.ts';
import type { BudgetStore, KeptAccount } from './store/store.ts';

/** Sessions that are looked at in one look, and those of them that go on: the next look is soon. */
const lookedMax = 5_000;
const resumedMax = 200;
const accountsMax = 1_000;

export interface ResumeParts {
  sessions: Pick<SessionStore, 'listPaused' | 'resume'>;
  store: Pick<BudgetStore, 'readAccounts'>;
  book: Pick<BudgetBook, 'find'>;
  reconciler: Pick<Reconciler, 'run'>;
  /** Works on a session here and now; any other process may be faster. */
  goOn: (sessionId: string) => void;
}

/** Lets those sessions go on whose budget has enough for the call that they wait for, or is gone; the oldest first. */
export async function resumePaused(parts: ResumeParts): Promise<void> {
  const paused = await parts.sessions.listPaused(lookedMax);
  const ids = new Set(paused.map(({ sessionId }) => sessionId));
  for (const [project, own] of Map.groupBy(paused, (one) => one.project ?? 'default')) {
    const canGoOn = await findRoom(parts, project, own);
    const chosen = own.filter((one) =>
      one.pause.waitsFor === undefined ? canGoOn(one) : !ids.has(one.pause.waitsFor),
    );
    for (const { sessionId } of chosen.slice(0, resumedMax)) {
      if (await parts.sessions.resume(sessionId)) parts.goOn(sessionId);
    }
  }
}

/** Asked session by session: what one of them will need, the next one does not have. */
async function findRoom(
  { store, book, reconciler }: ResumeParts,
  project: string,
  paused: readonly PausedSession[],
): Promise<(one: PausedSession) => boolean> {
  const accountIds = [...new Set(paused.map(({ pause }) => pause.budget.accountId))];
  const isAnswered = await reconciler.run(project, accountIds);
  const kept = await store.readAccounts(project, accountsMax);
  const rooms = new Map(accountIds.map((id) => [id, roomOf({ book, project, kept, isAnswered }, id)]));
  return ({ pause: { budget } }) => {
    const room = rooms.get(budget.accountId);
    if (room === undefined) return false;
    if (room === 'unlimited') return true;
    const needed = parseUsd(budget.neededUsd);
    if (room < needed) return false;
    rooms.set(budget.accountId, room - needed);
    return true;
  };
}

/** Undefined: not known. A budget that pauses nobody any more stands in nobody's way. */
function roomOf(
  {
    book,
    project,
    kept,
    isAnswered,
  }: { book: ResumeParts['book']; project: string; kept: readonly KeptAccount[]; isAnswered: boolean },
  accountId: string,
): bigint | 'unlimited' | undefined {
  const account = book.find(project, accountId);
  if (account === undefined) return isAnswered ? 'unlimited' : undefined;
  if (account.action !== 'pause') return 'unlimited';
  const own = kept.find((one) => one.accountId === accountId && one.windowKey === account.window.key);
  const used = own === undefined ? account.spentUsd : addUsd([own.spentUsd, own.pendingUsd, own.reservedUsd]);
  return parseUsd(account.amountUsd) - parseUsd(used);
}
