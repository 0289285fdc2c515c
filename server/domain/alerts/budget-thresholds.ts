import type { AlertEvent } from '../../contract/alerts.ts';
import { parseAmount } from '../prices/amount.ts';
import { eventIdOf } from './event-id.ts';
import { budgetLinks, eventLink } from './links.ts';

/** An account of a budget at a moment, as far as its thresholds need it. */
export interface WatchedAccount {
  projectId: string;
  budgetId: string;
  name: string;
  action: 'warn' | 'downgrade' | 'pause' | 'block';
  channelIds: readonly string[];
  accountId: string;
  value: string | null;
  thresholds: readonly number[];
  /** Decimal dollars. */
  amountUsd: string;
  /** In the ledger, and in the runtime on its way there. */
  spentUsd: string;
  /** Of that, what the ledger does not have yet. */
  pendingUsd: string;
  /** Sessions that wait until it is raised. */
  waitingSessions: number;
  /** Calls did not fit into what is left of this amount. */
  isRefusing: boolean;
  /** False: the runtime did not answer, so what it has and who waits is not known. */
  isHeldKnown: boolean;
  window: { key: string; fromMs: number; toMs: number | null };
}

/** A threshold that was told, when, and of which amount. */
interface ToldThreshold {
  threshold: number;
  sinceMs: number;
  amountUsd: string;
}

/** What was told of an account; the content of an event is kept for the day on which the account is gone. */
export interface AccountLatch {
  account: WatchedAccount;
  told: readonly ToldThreshold[];
}

export interface BudgetFinding {
  account: WatchedAccount;
  threshold: number;
  to: 'firing' | 'resolved';
  sinceMs: number;
  atMs: number;
}

/** By project and account. */
export type AccountLatches = ReadonlyMap<string, AccountLatch>;

/** A rolling window forgets spend bit by bit: it is over when so much of the threshold is left. */
const rollingRecovery = 0.95;
const exhausted = 100;
/** Thresholds are compared as whole millionths of a per cent. */
const thresholdScale = 1_000_000;

/**
 * What is to be told of all accounts: each threshold once a window, and that it is over when the window has ended or the amount
 * was raised. What is spent is not taken back by a correction.
 */
export function stepBudgets(
  before: AccountLatches,
  accounts: readonly WatchedAccount[],
  atMs: number,
): { latches: AccountLatches; findings: BudgetFinding[] } {
  const findings: BudgetFinding[] = [];
  const latches = new Map<string, AccountLatch>();
  const present = new Map(accounts.map((account) => [latchKey(account), account]));
  for (const [key, latch] of before) {
    if (present.has(key)) continue;
    const { toMs } = latch.account.window;
    if (toMs === null || atMs < toMs) latches.set(key, latch);
    else findings.push(...endOf(latch, atMs));
  }
  for (const [key, account] of present) {
    const { told, found } = stepAccount(before.get(key), account, atMs);
    findings.push(...found);
    if (told.length > 0) latches.set(key, { account: sinceLastTold(before.get(key), account, found), told });
  }
  return { latches, findings };
}

/** What is spent changes all the time: it is kept as it was when something was last told. */
function sinceLastTold(
  before: AccountLatch | undefined,
  account: WatchedAccount,
  found: readonly BudgetFinding[],
): WatchedAccount {
  if (before === undefined || found.length > 0) return account;
  const { spentUsd, pendingUsd, waitingSessions, window } = before.account;
  return { ...account, spentUsd, pendingUsd, waitingSessions, window };
}

function stepAccount(
  before: AccountLatch | undefined,
  account: WatchedAccount,
  atMs: number,
): { told: AccountLatch['told']; found: BudgetFinding[] } {
  const isNewWindow = before !== undefined && before.account.window.key !== account.window.key;
  const ended = isNewWindow ? endOf(before, atMs) : [];
  const told = before === undefined || isNewWindow ? [] : before.told;
  const isRolling = account.window.key === 'rolling';
  // Of another amount than was told of, it may be over.
  const holds = ({ threshold, amountUsd }: ToldThreshold) =>
    (threshold <= exhausted && isWaitedFor(account)) ||
    (amountUsd === account.amountUsd
      ? !isRolling || !account.isHeldKnown || isReached(account, threshold, rollingRecovery)
      : isReached(account, threshold));
  const over = told.filter((one) => !holds(one)).toSorted((a, b) => b.threshold - a.threshold)[0];
  const kept = told.filter((one) => holds(one));
  const reached = thresholdsOf(account)
    // Who knows that it is used up need not hear of 80 %.
    .filter((threshold) => isReached(account, threshold) && kept.every((one) => one.threshold < threshold))
    .map((threshold) => ({ threshold, sinceMs: atMs, amountUsd: account.amountUsd }));
  const found = [
    ...ended,
    ...(over === undefined ? [] : [findingOf(account, over, { to: 'resolved', atMs })]),
    ...reached.map((one) => findingOf(account, one, { to: 'firing', atMs })),
  ];
  return {
    told: [...kept, ...reached].sort((a, b) => a.threshold - b.threshold),
    // A millisecond apart: messages of one look arrive in the order of their times.
    found: found.map((finding, place) => ({ ...finding, atMs: atMs + place })),
  };
}

/** One message for the highest threshold that was told. */
function endOf({ account, told }: AccountLatch, atMs: number): BudgetFinding[] {
  const highest = told.at(-1);
  return highest === undefined ? [] : [findingOf(account, highest, { to: 'resolved', atMs })];
}

function findingOf(
  account: WatchedAccount,
  { threshold, sinceMs }: ToldThreshold,
  { to, atMs }: Pick<BudgetFinding, 'to' | 'atMs'>,
): BudgetFinding {
  return { account, threshold, sinceMs, to, atMs };
}

/** What stops calls is told when it does, whatever thresholds say. */
function thresholdsOf({ thresholds, action }: WatchedAccount): number[] {
  return [...new Set([...thresholds, ...(action === 'warn' ? [] : [exhausted])])].sort((a, b) => a - b);
}

/** Then it is used up, whatever is left: the next call does not fit. */
function isWaitedFor({ waitingSessions, isRefusing, action }: WatchedAccount): boolean {
  return (waitingSessions > 0 || isRefusing) && action !== 'warn';
}

function isReached(account: WatchedAccount, threshold: number, share = 1): boolean {
  const { spentUsd, amountUsd } = account;
  if (threshold === exhausted && isWaitedFor(account)) return true;
  const spent = parseAmount(spentUsd);
  if (spent <= 0n) return false;
  const wanted = BigInt(Math.round(threshold * share * thresholdScale));
  return spent * BigInt(exhausted * thresholdScale) >= parseAmount(amountUsd) * wanted;
}

export function latchKey({ projectId, accountId }: Pick<WatchedAccount, 'projectId' | 'accountId'>): string {
  return JSON.stringify([projectId, accountId]);
}

export type BudgetExplanation = Pick<AlertEvent, 'causes' | 'changes' | 'projection'>;

/** A window of the calendar is told once at each threshold and amount, whoever looks; a rolling one each time it is reached. */
export function toBudgetEvent(finding: BudgetFinding, explanation: BudgetExplanation): AlertEvent {
  const { account, threshold, to, sinceMs, atMs } = finding;
  const { projectId, budgetId, accountId, window, amountUsd, spentUsd, value } = account;
  const isRolling = window.key === 'rolling';
  const eventId = eventIdOf([
    ...[projectId, 'budget', accountId, window.key, amountUsd, threshold, to],
    isRolling || to === 'resolved' ? sinceMs : 0,
  ]);
  const spentShare = parseAmount(amountUsd) === 0n ? null : (Number(spentUsd) / Number(amountUsd)) * exhausted;
  return {
    ...{ eventId, projectId, source: 'budget', ruleId: null, budgetId, name: account.name, metric: 'budget' },
    ...{ unit: 'percent', group: value, groupBy: null },
    ...{ from: to === 'firing' ? 'ok' : 'firing', to, isReminder: false },
    severity: threshold >= exhausted ? 'critical' : 'warning',
    value: spentShare === null ? null : Number(spentShare.toFixed(2)),
    limit: threshold,
    window: {
      from: new Date(window.fromMs).toISOString(),
      to: new Date(window.toMs ?? atMs).toISOString(),
    },
    ...{ sinceMs, atMs, action: account.action },
    budget: {
      ...{ accountId, value, windowKey: window.key, threshold, spentUsd, amountUsd },
      ...{ pendingUsd: account.pendingUsd, waitingSessions: account.waitingSessions },
    },
    ...explanation,
    links: [eventLink(projectId, eventId), ...budgetLinks(projectId, budgetId, value)],
    channelIds: [...account.channelIds],
    isSilenced: false,
    isTest: false,
  };
}
