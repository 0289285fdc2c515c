import { emptyForm, type RuleForm } from './rule-form.ts';

/** A rule that most installations want, filled in so far that it can be saved at once. */
export interface RuleTemplate {
  id: string;
  label: string;
  /** What it tells, in one line. */
  words: string;
  fields: Partial<RuleForm>;
}

export const ruleTemplates: readonly RuleTemplate[] = [
  {
    id: 'spend-per-day',
    label: 'Spend per day',
    words: 'A day costs more than it should.',
    fields: {
      ...{ name: 'Spend per day', metric: 'spend', windowKind: 'calendar', unit: 'day' },
      ...{ warning: '20', critical: '50' },
    },
  },
  {
    id: 'cost-per-session',
    label: 'Cost per session',
    words: 'Conversations of an agent have become expensive.',
    fields: {
      ...{ name: 'Cost per session', metric: 'cost_per_session', groupBy: 'agent', minutes: '60' },
      ...{ warning: '0.50', critical: '2', forMinutes: '5' },
    },
  },
  {
    id: 'error-rate',
    label: 'Error rate',
    words: 'Calls of an agent fail.',
    fields: {
      ...{ name: 'Error rate', metric: 'error_rate', groupBy: 'agent', minutes: '15' },
      ...{ warning: '5', critical: '20', recovery: '2', forMinutes: '5' },
    },
  },
  {
    id: 'latency',
    label: 'p95 latency',
    words: 'A model answers slowly.',
    fields: {
      ...{ name: 'Slow answers (p95)', metric: 'latency_p95', groupBy: 'model', minutes: '15' },
      ...{ warning: '10000', critical: '30000', forMinutes: '5' },
    },
  },
  {
    id: 'loop',
    label: 'Loops',
    words: 'An agent calls one tool with the same arguments again and again.',
    fields: {
      ...{ name: 'Loop', metric: 'loop', groupBy: 'agent', minutes: '15' },
      ...{ warning: '5', critical: '15' },
    },
  },
  {
    id: 'unpriced',
    label: 'Unpriced calls',
    words: 'Calls whose cost nobody knows: the sums are too small.',
    fields: {
      ...{ name: 'Calls without a price', metric: 'unpriced_calls', groupBy: 'model', minutes: '1440' },
      warning: '0',
    },
  },
  {
    id: 'no-spans',
    label: 'No spans',
    words: 'Nothing arrives any more: an exporter or an agent has stopped.',
    fields: {
      ...{ name: 'No spans arrive', metric: 'missing_data', groupBy: 'agent', minutes: '1440' },
      ...{ warning: '15', critical: '60', noDataAs: 'firing' },
    },
  },
];

/** A new form, of a template where the name is one; it sends to every channel there is. */
export function startForm(
  templateId: string | null,
  options: { timeZone: string; channelIds: readonly string[] },
): RuleForm {
  const template = ruleTemplates.find(({ id }) => id === templateId);
  return { ...emptyForm(options.timeZone), channelIds: options.channelIds, ...template?.fields };
}
