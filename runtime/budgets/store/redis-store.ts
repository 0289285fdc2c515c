import { RedisClient } from '../../sessions/redis-client.ts';
import { checkHold } from './checked-hold.ts';
import { idleAccountMs, listLimit, refuseFull, sweepRounds } from './kept.ts';
import { nanoOfSum, nanoUp, usdOf } from './nano-usd.ts';
import { accountField, budgetKeys, projectsKey, readAccountField } from './redis-keys.ts';
import { budgetScripts } from './redis-scripts.ts';
import type { BudgetStore, Hold, KeptAccount, PendingCall, Reservation } from './store.ts';

type Client = RedisClient<keyof typeof budgetScripts>;

/** How often a process says that a project is in use. */
const announceMs = 60_000;
/** Projects that a process remembers to have announced; beyond it all are announced again. */
const announcedLimit = 10_000;

/**
 * Budgets in Redis: for several machines. Every step is one script, times go by Redis's clock. Throws a StoreUnavailableError when
 * there is no Redis that can be used.
 */
export async function openRedisBudgets(url: string): Promise<BudgetStore> {
  const redis: Client = new RedisClient(url, budgetScripts);
  await redis.connect();
  const announce = announcer(redis);
  return {
    reserve: async (hold) => {
      await announce(hold.project);
      return reserve(redis, hold);
    },
    settle: async (project, callId, { amountUsd, traceId, spanId }) => {
      await redis.run('settleCall', budgetKeys(project), [callId, String(nanoUp(amountUsd)), traceId, spanId]);
    },
    release: async (project, callId) => {
      await redis.run('settleCall', budgetKeys(project), [callId, '0', '', '']);
    },
    reconcile: async (project, { asOfMs, accounts, bookedCallIds }) => {
      const sums = accounts.map((account) => [accountField(account), String(nanoOfSum(account.spentUsd))]);
      await announce(project);
      await redis.run('reconcile', budgetKeys(project), [asOfMs, JSON.stringify(sums), JSON.stringify(bookedCallIds)]);
    },
    noteRefusal: async (project, accounts) => {
      const fields = accounts.map((account) => [accountField(account), account.amountUsd]);
      await redis.run('noteRefusal', budgetKeys(project), [JSON.stringify(fields)]);
    },
    dropAccounts: async (project, { accounts, callIds, idleMs }) => {
      const fields = JSON.stringify(accounts.map(accountField));
      await redis.run('dropAccounts', budgetKeys(project), [fields, JSON.stringify(callIds), idleMs]);
    },
    readAccounts: async (project, limit) => {
      const rows = await redis.run('readAccounts', budgetKeys(project), [Math.min(limit, listLimit)]);
      return (rows as string[][]).map(
        ([field = '', spent = '0', asOf = '0', pending = '0', reserved = '0', refused = '0']) => ({
          ...readAccountField(field),
          spentUsd: usdOf(spent),
          asOfMs: Number(asOf),
          pendingUsd: usdOf(pending),
          reservedUsd: usdOf(reserved),
          refused: readRefusal(refused),
        }),
      );
    },
    takePendingCalls: async (project, limit) => {
      const rows = await redis.run('takePending', budgetKeys(project), [Math.min(limit, listLimit)]);
      return (rows as [string, string | null][]).flatMap(([id, json]) => (json === null ? [] : [readCall(id, json)]));
    },
    listProjects: () => redis.raw((commands) => commands.zrevrange(projectsKey, 0, listLimit - 1)),
    sweep: () => sweep(redis),
    ping: async () => {
      await redis.raw((commands) => commands.ping());
    },
    close: () => redis.close(),
  };
}

/** Puts a project on the list before anything of it is kept. */
function announcer(redis: Client): (project: string) => Promise<void> {
  const announced = new Map<string, number>();
  return async (project) => {
    const nowMs = Date.now();
    if (nowMs - (announced.get(project) ?? 0) < announceMs) return;
    await redis.raw((commands) => commands.zadd(projectsKey, nowMs, project));
    if (announced.size >= announcedLimit) announced.clear();
    announced.set(project, nowMs);
  };
}

async function reserve(redis: Client, hold: Hold): Promise<Reservation> {
  const { amount, holdMs, accounts } = checkHold(hold);
  if (accounts.length === 0) return { granted: true };
  const rows = accounts.map(({ limit, isStopping, untilMs, spent, asOfMs, ...account }) => ({
    account: accountField(account),
    limit: String(limit),
    isStopping,
    untilMs: untilMs ?? 0,
    spent: String(spent),
    asOfMs: String(asOfMs),
  }));
  const args = [hold.callId, String(amount), holdMs, JSON.stringify(rows)];
  const [outcome, ...refused] = (await redis.run('reserveBudgets', budgetKeys(hold.project), args)) as string[];
  if (outcome === 'granted') return { granted: true };
  if (outcome === 'full') throw refuseFull(hold.project);
  return {
    granted: false,
    refusals: Array.from({ length: refused.length / 2 }, (_, index) => ({
      accountId: accounts[Number(refused[index * 2])]?.accountId ?? '',
      remainingUsd: usdOf(refused[index * 2 + 1] ?? '0'),
    })),
  };
}

/** `1763922000000 12.5` */
function readRefusal(text: string): KeptAccount['refused'] {
  const [at = '0', amountUsd = ''] = text.split(' ');
  return at === '0' ? null : { amountUsd, atMs: Number(at) };
}

function readCall(callId: string, json: string): PendingCall {
  const call = JSON.parse(json) as { amount: string; traceId: string; spanId: string; holds: { account: string }[] };
  return {
    callId,
    amountUsd: usdOf(call.amount),
    traceId: call.traceId,
    spanId: call.spanId,
    accounts: call.holds.map(({ account }) => readAccountField(account)),
  };
}

async function sweep(redis: Client): Promise<void> {
  const listed = await redis.raw((commands) => commands.zrange(projectsKey, '0', String(listLimit - 1), 'WITHSCORES'));
  for (let index = 0; index + 1 < listed.length; index += 2) {
    const [project = '', score = ''] = listed.slice(index, index + 2);
    let left = 0;
    for (let round = 0; round < sweepRounds; round += 1) {
      const reply = await redis.run('sweepProject', budgetKeys(project));
      const [seen = 0, kept = 0] = reply as number[];
      left = kept;
      if (seen === 0) break;
    }
    // Whoever uses it has announced it since, or does so first.
    if (left === 0 && Date.now() - Number(score) > idleAccountMs)
      await redis.run('forgetProject', [projectsKey], [project, score]);
  }
}
