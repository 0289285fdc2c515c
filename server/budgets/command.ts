import type { CheckReply } from '../contract/budget-calls.ts';
import type { BudgetsReply } from '../contract/budgets.ts';
import type { PriceBook } from '../domain/prices/unit-prices.ts';
import { ConfigurationWriter } from '../queries/configuration-writer.ts';
import { connectDb, type DbConnection } from '../queries/db.ts';
import { RuntimeClient } from '../runtime-client.ts';
import type { BudgetsCommand } from './arguments.ts';
import { Budgets } from './budgets.ts';
import { describeBudgets } from './overview.ts';
import { checkBudgets } from './resolve.ts';

export interface BudgetsCommandDeps {
  connection: DbConnection;
  priceBook: PriceBook;
  runtimeUrl: string | undefined;
  internalSecret: string | undefined;
  nowMs: number;
}

/** Runs `sightglass budgets …`: the lines to print, and whether what was asked for is allowed. Throws an ApiError. */
export async function runBudgetsCommand(
  { connection, priceBook, runtimeUrl, internalSecret, nowMs }: BudgetsCommandDeps,
  command: BudgetsCommand,
): Promise<{ lines: string[]; isAllowed: boolean }> {
  const db = connectDb(connection);
  const configuration = new ConfigurationWriter(connection);
  const budgets = new Budgets({ configuration, runtime: new RuntimeClient(runtimeUrl, internalSecret) });
  const { projectId, json } = command;
  try {
    if (command.verb === 'list') {
      const listed = await describeBudgets(db, budgets, { projectId, nowMs });
      return { lines: json ? [JSON.stringify(listed)] : describeList(listed), isAllowed: true };
    }
    const { request } = command;
    const checked = await checkBudgets(db, { budgets, priceBook }, { projectId, request, nowMs });
    return { lines: json ? [JSON.stringify(checked)] : describeCheck(checked), isAllowed: checked.allowed };
  } finally {
    await Promise.all([db.close(), configuration.close()]);
  }
}

function describeList({ budgets, runtime }: BudgetsReply): string[] {
  if (budgets.length === 0) return ['there is no budget', ...describeRuntime(runtime)];
  const rows = budgets.map(({ budgetId, name, scope, labelKey, action, account, accountCount, exhaustedCount }) => [
    budgetId,
    name,
    account?.state ?? 'unused',
    account === null ? '' : `${account.spentUsd} of ${account.amountUsd} USD`,
    typeof account?.value === 'string' ? `${labelKey ?? scope} ${account.value}` : '',
    accountCount > 1 ? `${accountCount} accounts, ${exhaustedCount} exhausted` : '',
    action,
  ]);
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [...lines, ...describeRuntime(runtime)];
}

function describeCheck({ allowed, action, reason, budgets, runtime }: CheckReply): string[] {
  return [
    allowed ? 'allowed' : `not allowed: ${action}`,
    ...(reason === null ? [] : [reason]),
    ...budgets.map(
      ({ name, value, remainingUsd, amountUsd, state }) =>
        `  ${name}${value === null ? '' : ` of ${value}`}: ${remainingUsd} of ${amountUsd} USD left, ${state}`,
    ),
    ...describeRuntime(runtime),
  ];
}

function describeRuntime(runtime: BudgetsReply['runtime']): string[] {
  const missing = 'without what calls hold, and without the budgets that agents declare';
  if (runtime === 'none') return [`(${missing}: SIGHTGLASS_RUNTIME_URL names no runtime)`];
  return runtime === 'answered' ? [] : [`(${missing}: the runtime does not answer)`];
}
