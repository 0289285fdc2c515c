import type { AlertSeverity, AlertStateName } from '../../contract/alert-values.ts';

/** How high a value stands: 0 below every limit, 1 warning, 2 critical. */
export type Level = 0 | 1 | 2;

/** What is kept of a group between two looks. Times are milliseconds since 1970, of the ends of windows. */
export interface GroupState {
  state: AlertStateName;
  severity: AlertSeverity | null;
  /** Since it is in this state. */
  sinceMs: number;
  /** Since the value stands at least so high; null: it does not. */
  warningSinceMs: number | null;
  criticalSinceMs: number | null;
  /** While it fires: since the value stands lower than what was told, and the highest level since. */
  calmSinceMs: number | null;
  calmLevel: Level;
  /** Since there is no value. */
  missingSinceMs: number | null;
  /** Since the group is not among those that were read. */
  unseenSinceMs: number | null;
  /** When its firing was last told; null: never, it was silenced. */
  notifiedMs: number | null;
  /** The highest severity of this firing that was told. Absent in what older releases kept: that in which it was. */
  notifiedLevel?: Level;
  /** Messages of this firing: the ids of events are made of it. */
  notices: number;
}

/** What is to be told of a group. */
export interface GroupChange {
  from: AlertStateName;
  to: AlertStateName;
  severity: AlertSeverity | null;
  /** It still is what was told before. */
  isReminder: boolean;
  /** Since it fires, or did; of no data, since there is none. */
  sinceMs: number;
  /** Number of this message within its episode. */
  notice: number;
}

export function newGroupState(atMs: number): GroupState {
  return {
    state: 'ok',
    severity: null,
    sinceMs: atMs,
    ...{ warningSinceMs: null, criticalSinceMs: null, calmSinceMs: null, calmLevel: 0, missingSinceMs: null },
    ...{ unseenSinceMs: null, notifiedMs: null, notifiedLevel: 0, notices: 0 },
  };
}

export function severityOf(level: Level): AlertSeverity | null {
  return level === 2 ? 'critical' : level === 1 ? 'warning' : null;
}

export function levelOf(severity: AlertSeverity | null): Level {
  return severity === 'critical' ? 2 : severity === 'warning' ? 1 : 0;
}
