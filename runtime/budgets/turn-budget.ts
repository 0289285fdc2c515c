import { setTimeout as pause } from 'node:timers/promises';
import type { AgentDefinition } from '../definition/schema.ts';
import type { Entry, Session, Turn } from '../sessions/record.ts';
import type { Applying, BudgetBook } from './budget-book.ts';
import type { CallBudget } from './call-budget.ts';
import { CallHolds, type CallHoldsParts } from './call-holds.ts';
import { type CallPart, type RecordedCall, turnCallId, turnCalls } from './recorded-calls.ts';
import type { BudgetContext } from './resolve-budgets.ts';

/** A server that is just starting is waited for. */
const unknownPatienceMs = 3_000;
const unknownPauseMs = 250;
/** As a turn waits for its session's store. */
const storePatienceMs = 30_000;

/** What a turn needs of the budgets of its project. */
export interface TurnBudget {
  /** Undefined: no budget counts this call. Where a project has none, that is known without waiting. */
  forCall(part: CallPart): Promise<CallBudget | undefined> | undefined;
  /** What these entries cost, which stand in the turn from `from` on; again does nothing. Never rejects. */
  settle(entries: readonly Entry[], from: number): Promise<void>;
}

export interface TurnBudgetParts {
  session: Session;
  turn: Pick<Turn, 'id' | 'sessionId' | 'input'>;
  definition: Pick<AgentDefinition, 'name' | 'labels' | 'budgets'>;
  signal: AbortSignal;
  book: BudgetBook;
  /** Labels of the agents that this one answers, the one at the top last. */
  listCallerLabels: (session: Session) => Promise<readonly Readonly<Record<string, string>>[]>;
  /** Whether a call is refused where the server has never said what applies to it. */
  refusesUnknown: (context: BudgetContext) => boolean;
  holds: Pick<CallHoldsParts, 'store' | 'findPrice' | 'nowMs'> & {
    refresh: (project: string, accountIds: readonly string[]) => Promise<boolean>;
  };
  settle: (project: string, calls: readonly RecordedCall[]) => Promise<void>;
}

/** The budgets that apply to the model calls of a turn, by its agent, user, conversation and labels. */
export function turnBudget(parts: TurnBudgetParts): TurnBudget {
  const { session, turn, definition, book } = parts;
  const project = session.project ?? 'default';
  let context: Promise<BudgetContext> | undefined;
  const forCall = async (part: CallPart): Promise<CallBudget | undefined> => {
    const whose = await (context ??= describeContext(parts, project));
    const refusesUnknown = parts.refusesUnknown(whose);
    const applying = await findApplying(parts, { context: whose, refusesUnknown });
    const isFree = applying.status === 'known' ? applying.accounts.length === 0 : !refusesUnknown;
    if (isFree) return undefined;
    return new CallHolds({
      ...parts.holds,
      ...{ project, refusesUnknown, patienceMs: storePatienceMs },
      applying: () => book.applyingTo(whose),
      refresh: (accountIds) => parts.holds.refresh(project, accountIds),
      callId: ({ number, model }) => turnCallId(turn, part, { number, provider: model.provider, model: model.model }),
    });
  };
  return {
    forCall: (part) => (definition.budgets.length === 0 && book.isEmpty(project) ? undefined : forCall(part)),
    settle: (entries, from) => parts.settle(project, turnCalls(turn, entries, from)),
  };
}

/** As spans tell it, so that what counts here is what the ledger will count. */
async function describeContext(
  { session, turn, definition, listCallerLabels }: TurnBudgetParts,
  project: string,
): Promise<BudgetContext> {
  const callers = session.parent === null ? [] : await listCallerLabels(session);
  return {
    project,
    agent: definition.name,
    user: turn.input.user ?? session.user,
    session: session.parent?.conversationId ?? session.id,
    // What is nearer to the call comes before what is further away.
    labels: Object.assign({}, ...callers.toReversed(), definition.labels, turn.input.labels) as Record<string, string>,
    declared: definition.budgets,
  };
}

async function findApplying(
  { book, signal, holds: { nowMs } }: TurnBudgetParts,
  { context, refusesUnknown }: { context: BudgetContext; refusesUnknown: boolean },
): Promise<Applying> {
  const giveUpMs = nowMs() + unknownPatienceMs;
  for (;;) {
    const applying = await book.applyingTo(context);
    if (applying.status === 'known' || !refusesUnknown || signal.aborted || nowMs() > giveUpMs) return applying;
    await pause(unknownPauseMs);
  }
}
