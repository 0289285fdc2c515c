import type { AlertRule, AlertRuleInput } from '../../contract/alert-rules.ts';

/** A rule as it is kept, with who and when. */
export interface StoredRule {
  ruleId: string;
  projectId: string;
  version: number;
  author: string;
  updatedAtMs: number;
  input: AlertRuleInput;
}

/** Of what a rule measures: with another one its states mean nothing any more. */
export function shapeOf({ metric, filters, groupBy, window, operator }: AlertRuleInput): string {
  const sorted = Object.entries(filters).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([metric, sorted, groupBy, window, operator]);
}

export function toAlertRule(rule: StoredRule, unit: AlertRule['unit']): AlertRule {
  return {
    ruleId: rule.ruleId,
    ...rule.input,
    unit,
    version: rule.version,
    author: rule.author,
    updatedUnixNano: `${rule.updatedAtMs}000000`,
  };
}
