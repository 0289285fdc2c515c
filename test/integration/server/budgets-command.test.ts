import { expect, it } from 'vitest';
import { type BudgetsCommand, parseBudgetsArguments } from '../../../server/budgets/arguments.ts';
import { runBudgetsCommand } from '../../../server/budgets/command.ts';
import { loadPriceBook } from '../../../server/load-price-book.ts';
import { useDatabase } from '../../support/database.ts';
import { useBudgets } from './budgets-api.ts';

const database = useDatabase();
const api = useBudgets(database);
const alone =
  '(without what calls hold, and without the budgets that agents declare: SIGHTGLASS_RUNTIME_URL names no runtime)';

async function run(...args: string[]) {
  const command = parseBudgetsArguments([...args, '--project', api.project]);
  const none = { runtimeUrl: undefined, internalSecret: undefined };
  const deps = { connection: database, priceBook: loadPriceBook(undefined), nowMs: api.clock.nowMs, ...none };
  return runBudgetsCommand(deps, command as BudgetsCommand);
}

it('lists budgets and tells whether a call may be made', async () => {
  expect(await run('list')).toEqual({ lines: ['there is no budget', alone], isAllowed: true });
  const { budgetId } = await api.create({ name: 'users', scope: 'user', action: 'block', amountUsd: '2' });
  await api.book(
    { time: '2026-11-20T10:00:00Z', user: 'ada', costUsd: '1.5' },
    { time: '2026-11-20T10:00:00Z', user: 'eve', costUsd: '0.25' },
  );
  expect((await run('list')).lines).toEqual([
    ...[`${budgetId}  users  warned  1.5 of 2 USD  user ada  2 accounts, 0 exhausted  block`, alone],
  ]);
  expect(await run('check', '--user', 'ada', '--usd', '0.6')).toEqual({
    lines: [
      ...['not allowed: block', 'budget "users" of ada has 0.5 of 2 USD left; the call may cost 0.6'],
      ...['  users of ada: 0.5 of 2 USD left, warned', alone],
    ],
    isAllowed: false,
  });
  expect((await run('check', '--user', 'eve', '--usd', '0.6')).isAllowed).toBe(true);
  expect(JSON.parse((await run('list', '--json')).lines.join(''))).toMatchObject({ budgets: [{ budgetId }] });
});
