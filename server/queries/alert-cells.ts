import type { AlertRuleInput } from '../contract/alert-rules.ts';
import type { MsWindow } from '../domain/alerts/alert-window.ts';
import type { OwnerMatcher } from '../domain/owners/owner-rule.ts';
import type { QueryParameters } from './db.ts';

/** How the time is cut: at a few moments, or every so often. */
export type ReadingParts = { cutsMs: readonly number[] } | { stepMs: number };

export interface ReadingRequest {
  projectId: string;
  rule: AlertRuleInput;
  read: MsWindow;
  parts: ReadingParts;
  /** Groups that must be in the answer whatever their size. */
  keep: readonly string[];
  /** Needed where the rule asks for cost centres or teams. */
  owners: readonly OwnerMatcher[] | undefined;
}

/** A row a group and part of the time, as `readReadings` wants them. */
export interface Cells {
  sql: string;
  parameters: QueryParameters;
}
