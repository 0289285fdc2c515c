import type { AlertRuleInput } from '../../contract/alert-rules.ts';
import { type GroupChange, type GroupState, type Level, levelOf, newGroupState, severityOf } from './group-state.ts';
import { highestLevel, levelOfValue, type Limits } from './limits.ts';

/** What fired is over when it was calm for so long, or as long as it was pending: what comes and goes is one message. */
const calmMinMs = 120_000;
/** So long it is shown that something is over. */
const resolvedShownMs = 3_600_000;
const msPerMinute = 60_000;

export type StepRule = Limits & Pick<AlertRuleInput, 'forSeconds' | 'renotifyMinutes' | 'noDataAs'>;

export interface Look {
  atMs: number;
  /** null: no data. */
  value: number | null;
  /** Somebody wants to hear nothing of it, or says that they look after it. */
  isSilenced: boolean;
  isAcknowledged: boolean;
}

export interface Step {
  after: GroupState;
  /** At most one message a look. */
  change: GroupChange | undefined;
}

/** How a group goes on from one look to the next, and what is to be told of it. */
export function stepGroup(rule: StepRule, before: GroupState | undefined, look: Look): Step {
  const start = before ?? newGroupState(look.atMs);
  if (look.value === null && rule.noDataAs === 'no_data') return stepMissing(rule, start, look);
  const back: GroupState = start.state === 'no_data' ? newGroupState(look.atMs) : start;
  const step = stepLevel(rule, { ...back, missingSinceMs: null }, look);
  if (start.state !== 'no_data') return step;
  // There is a value again: that is told, unless something worse is.
  const sinceMs = start.missingSinceMs ?? start.sinceMs;
  return {
    after: step.after,
    change:
      step.change === undefined
        ? { from: 'no_data', to: 'ok', severity: null, isReminder: false, sinceMs, notice: start.notices + 1 }
        : { ...step.change, from: 'no_data' },
  };
}

function stepMissing({ forSeconds }: StepRule, start: GroupState, { atMs, isSilenced }: Look): Step {
  const missingSinceMs = start.missingSinceMs ?? atMs;
  const isFiring = start.state === 'firing';
  const waitMs = isFiring ? calmMsOf(forSeconds) : forSeconds * 1_000;
  if (start.state === 'no_data' || atMs - missingSinceMs < waitMs) {
    return { after: { ...start, missingSinceMs }, change: undefined };
  }
  return {
    after: {
      ...newGroupState(atMs),
      ...{ state: 'no_data', missingSinceMs, notices: start.notices + 1, notifiedMs: isSilenced ? null : atMs },
    },
    change: {
      ...{ from: start.state, to: 'no_data', severity: 'warning', isReminder: false },
      ...{ sinceMs: missingSinceMs, notice: start.notices + 1 },
    },
  };
}

function stepLevel(rule: StepRule, start: GroupState, look: Look): Step {
  const { atMs, value } = look;
  const told: Level = start.state === 'firing' ? levelOf(start.severity) : 0;
  const level =
    value === null ? (rule.noDataAs === 'firing' ? highestLevel(rule) : 0) : levelOfValue(rule, value, told);
  const warningSinceMs = level >= 1 ? (start.warningSinceMs ?? atMs) : null;
  const criticalSinceMs = level >= 2 ? (start.criticalSinceMs ?? atMs) : null;
  const next: GroupState = { ...start, warningSinceMs, criticalSinceMs };
  const isDue = (sinceMs: number | null) => sinceMs !== null && atMs - sinceMs >= rule.forSeconds * 1_000;
  const reached: Level = isDue(criticalSinceMs) ? 2 : isDue(warningSinceMs) ? 1 : 0;
  if (reached > told) return fire(next, reached, look);
  if (told > 0) return goOnFiring(rule, next, { level, told, look });
  if (level > 0) return { after: enter(next, 'pending', atMs), change: undefined };
  const isShown = start.state === 'resolved' && atMs - start.sinceMs < resolvedShownMs;
  return { after: isShown ? next : enter(next, 'ok', atMs), change: undefined };
}

function fire(start: GroupState, level: Level, { atMs, isSilenced }: Look): Step {
  const isRaised = start.state === 'firing';
  const notice = isRaised ? start.notices + 1 : 1;
  const sinceMs = isRaised ? start.sinceMs : atMs;
  const severity = severityOf(level);
  const toldBefore = isRaised
    ? { notifiedMs: start.notifiedMs, notifiedLevel: notifiedLevelOf(start) }
    : ({ notifiedMs: null, notifiedLevel: 0 } as const);
  return {
    after: {
      ...start,
      ...{ state: 'firing', severity, sinceMs, calmSinceMs: null, calmLevel: 0, notices: notice },
      ...(isSilenced ? toldBefore : { notifiedMs: atMs, notifiedLevel: level }),
    },
    change: { from: start.state, to: 'firing', severity, isReminder: false, sinceMs, notice },
  };
}

function goOnFiring(
  rule: StepRule,
  start: GroupState,
  { level, told, look }: { level: Level; told: Level; look: Look },
): Step {
  const { atMs } = look;
  if (level >= told) return remind(rule, { ...start, calmSinceMs: null, calmLevel: 0 }, look);
  const calmSinceMs = start.calmSinceMs ?? atMs;
  const calmLevel: Level = start.calmSinceMs === null || level > start.calmLevel ? level : start.calmLevel;
  if (atMs - calmSinceMs < calmMsOf(rule.forSeconds)) {
    return remind(rule, { ...start, calmSinceMs, calmLevel }, look);
  }
  // Less bad than it was is not told: it still fires.
  if (calmLevel > 0) {
    return remind(rule, { ...start, severity: severityOf(calmLevel), calmSinceMs: null, calmLevel: 0 }, look);
  }
  const notice = start.notices + 1;
  return {
    after: {
      ...enter(start, 'resolved', atMs),
      ...{ severity: null, calmSinceMs: null, notifiedMs: null, notifiedLevel: 0, notices: 0 },
    },
    change: {
      ...{ from: 'firing', to: 'resolved', severity: start.severity, isReminder: false },
      ...{ sinceMs: start.sinceMs, notice },
    },
  };
}

/** Tells again what goes on: after its time, or when a silence has ended in which it began or became worse than was told. */
function remind({ renotifyMinutes }: StepRule, start: GroupState, { atMs, isSilenced, isAcknowledged }: Look): Step {
  const { notifiedMs, severity, sinceMs } = start;
  const [level, notifiedLevel] = [levelOf(severity), notifiedLevelOf(start)];
  const isOwed =
    level > notifiedLevel ||
    (notifiedMs !== null && renotifyMinutes !== null && atMs - notifiedMs >= renotifyMinutes * msPerMinute);
  if (!isOwed || isSilenced || isAcknowledged) return { after: start, change: undefined };
  const notice = start.notices + 1;
  return {
    after: {
      ...{ ...start, notifiedMs: atMs, notices: notice },
      notifiedLevel: level > notifiedLevel ? level : notifiedLevel,
    },
    change: { from: 'firing', to: 'firing', severity, isReminder: true, sinceMs, notice },
  };
}

function notifiedLevelOf({ notifiedMs, notifiedLevel, severity }: GroupState): Level {
  return notifiedLevel ?? (notifiedMs === null ? 0 : levelOf(severity));
}

function enter(start: GroupState, state: GroupState['state'], atMs: number): GroupState {
  return start.state === state ? start : { ...start, state, sinceMs: atMs };
}

function calmMsOf(forSeconds: number): number {
  return Math.max(forSeconds * 1_000, calmMinMs);
}
