import type { AlertRule, AlertRuleInput } from '../api/alerts.ts';

/** What of a stored rule is sent back when it is changed. */
export function toRuleInput(rule: AlertRule): AlertRuleInput {
  const { name, metric, filters, groupBy, maxGroups, window, operator, warning, critical, recovery } = rule;
  const { forSeconds, renotifyMinutes, noDataAs, minimumCount, channelIds, isEnabled } = rule;
  return {
    ...{ name, metric, filters, groupBy, maxGroups, window, operator, warning, critical, recovery },
    ...{ forSeconds, renotifyMinutes, noDataAs, minimumCount, channelIds, isEnabled },
  };
}
