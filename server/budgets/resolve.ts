import { ChannelBook } from '../alerts/deliver/channel-book.ts';
import type { CheckReply, CheckRequest, ResolveReply, ResolveRequest } from '../contract/budget-calls.ts';
import { describeAccount } from '../domain/budgets/account.ts';
import { accountsByIds, accountsOfCall, type Caller } from '../domain/budgets/applicable.ts';
import { checkCall, type Estimate, isStopping } from '../domain/budgets/check.ts';
import { toDeclaredBudgets } from '../domain/budgets/declared.ts';
import { findOwner } from '../domain/owners/find-owner.ts';
import type { OwnerMatcher } from '../domain/owners/owner-rule.ts';
import { estimateCall } from '../domain/prices/estimate-call.ts';
import type { PriceBook } from '../domain/prices/unit-prices.ts';
import { unixNanoOfMs } from '../domain/time.ts';
import { readLedgerMoment } from '../queries/budget-resolve.ts';
import type { Db } from '../queries/db.ts';
import { type Budgets, listStoredBudgets, readOwners, revisionOf } from './budgets.ts';
import { readHeld } from './held.ts';

type CallRequest = Pick<CheckRequest, 'agent' | 'user' | 'session' | 'labels'>;

/** For the runtime: the accounts of a call, or those that it names, as the ledger has them at one moment. */
export async function resolveAccounts(
  db: Db,
  { projectId, request, nowMs }: { projectId: string; request: ResolveRequest; nowMs: number },
): Promise<ResolveReply> {
  const { agent, declared, calls } = request;
  const stored = await listStoredBudgets(db, projectId);
  const owners = await readOwners(db, projectId, stored);
  const budgets = [...stored, ...(agent === null ? [] : toDeclaredBudgets(agent, declared))];
  const accounts =
    request.accounts === undefined
      ? accountsOfCall(budgets, callerOf(request, owners, nowMs))
      : accountsByIds(budgets, request.accounts);
  const moment = await readLedgerMoment(db, { projectId, accounts, calls, owners, nowMs });
  return {
    accounts: accounts.flatMap(({ budget, value }) => {
      const found = moment.find(budget.budgetId, value);
      if (found === undefined) return [];
      const { pendingUsd, reservedUsd, remainingUsd, ...account } = describeAccount(budget, found);
      const { name, scope, labelKey, action } = budget;
      return [{ ...account, name, scope, labelKey, isStopping: isStopping(action), priceRequired: isStopping(action) }];
    }),
    bookedCalls: moment.bookedCalls,
    revision: revisionOf(stored, owners, nowMs),
    channels: request.channels ? (await new ChannelBook(db).list(projectId)).map(({ name }) => name) : null,
    nowMs: moment.nowMs,
  };
}

/** For other frameworks: whether a call may be made. Nothing is reserved by asking. */
export async function checkBudgets(
  db: Db,
  { budgets, priceBook }: { budgets: Budgets; priceBook: PriceBook },
  { projectId, request, nowMs }: { projectId: string; request: CheckRequest; nowMs: number },
): Promise<CheckReply> {
  const [all, held] = await Promise.all([budgets.list(db, { projectId, nowMs }), readHeld(budgets.runtime, projectId)]);
  const owners = await readOwners(db, projectId, all);
  const accounts = accountsOfCall(all, callerOf(request, owners, nowMs));
  const moment = await readLedgerMoment(db, { projectId, accounts, calls: [], owners, nowMs });
  const checked = accounts.flatMap(({ budget, value }) => {
    const found = moment.find(budget.budgetId, value);
    if (found === undefined) return [];
    const account = describeAccount(budget, found);
    return [
      {
        budget,
        account: describeAccount(budget, { ...found, held: held.find(account.accountId, account.window.key) }),
      },
    ];
  });
  const estimate = estimateOf(request, { projectId, priceBook, nowMs });
  return {
    ...checkCall(checked, estimate),
    estimatedUsd: 'usd' in estimate ? estimate.usd : null,
    runtime: held.runtime,
  };
}

function callerOf(
  { agent, user, session, labels }: CallRequest,
  owners: readonly OwnerMatcher[],
  nowMs: number,
): Caller {
  const owner = findOwner(owners, {
    agent: agent ?? '',
    user: user ?? '',
    labels: new Map(Object.entries(labels)),
    day: new Date(nowMs).toISOString().slice(0, 10),
  });
  return { agent, user, session, labels, owner };
}

/** A model without tokens tells only whether it has a price. */
function estimateOf(
  { estimatedUsd, model, provider, inputTokens, maxOutputTokens }: CheckRequest,
  { projectId, priceBook, nowMs }: { projectId: string; priceBook: PriceBook; nowMs: number },
): Estimate {
  if (estimatedUsd !== undefined) return { usd: estimatedUsd };
  if (model === undefined) return { unknown: true };
  const question = { projectId, provider: provider ?? '', models: [model], at: unixNanoOfMs(nowMs) };
  const found = priceBook.find(question);
  const tokens = { inputTokens: inputTokens ?? 0, maxOutputTokens: maxOutputTokens ?? 0 };
  const usd = found === undefined ? undefined : estimateCall(found.prices, tokens);
  if (usd === undefined) return { unpricedModel: model };
  return inputTokens === undefined && maxOutputTokens === undefined ? { unknown: true } : { usd };
}
