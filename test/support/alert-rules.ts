import type { z } from 'zod';
import { type AlertRuleInput, alertRuleInput } from '../../server/contract/alert-rules.ts';

/** A rule as the API would take it: spend of the last hour, more than 10 dollars. */
export function ruleOf(fields: Partial<z.input<typeof alertRuleInput>> = {}): AlertRuleInput {
  return alertRuleInput.parse({
    name: 'Spend',
    metric: 'spend',
    window: { kind: 'rolling', minutes: 60 },
    warning: 10,
    ...fields,
  });
}
