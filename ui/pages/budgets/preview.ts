import type { BudgetInput, BudgetPeriod } from '../../api/types.ts';
import { type BudgetForm, readAmount, readBudgetForm } from './budget-form.ts';

/** What of a half-filled form can already be said. */
export interface FormPreview {
  /** As if it were sent, with a name put in; null while something is missing. */
  input: BudgetInput | null;
  period: BudgetPeriod;
  /** Null while it is no amount. */
  amountUsd: string | null;
  target: Pick<BudgetInput, 'scope' | 'labelKey' | 'value'>;
}

export function readPreview(form: BudgetForm): FormPreview {
  const amount = readAmount(form.amountUsd);
  const value = form.scope === 'project' || form.isEach ? null : form.value.trim();
  return {
    // A preview does not wait for a name.
    input: readBudgetForm({ ...form, name: form.name.trim() === '' ? 'Preview' : form.name }).input,
    period: readPeriod(form),
    amountUsd: amount.problem === null ? amount.usd : null,
    target: { scope: form.scope, labelKey: form.scope === 'label' ? form.labelKey.trim() : null, value },
  };
}

function readPeriod({ period, rollingHours, timeZone }: BudgetForm): BudgetPeriod {
  if (period === 'total') return { kind: 'total' };
  if (period !== 'rolling') return { kind: 'calendar', unit: period, timeZone };
  const hours = Number(rollingHours.trim());
  return { kind: 'rolling', hours: Number.isInteger(hours) && hours > 0 ? hours : 24 };
}
