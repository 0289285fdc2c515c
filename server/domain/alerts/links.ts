import type { AlertGroupName, AlertRuleInput } from '../../contract/alert-rules.ts';
import type { AlertLink } from '../../contract/alert-values.ts';
import type { MsWindow } from './alert-window.ts';
import { measureOf } from './metrics.ts';

export interface Slice {
  projectId: string;
  rule: AlertRuleInput;
  group: string | null;
  window: MsWindow;
}

/** What the costs page can narrow to; a group of another dimension is opened as it is. */
const costFilters = ['agent', 'model', 'provider', 'user', 'session', 'environment', 'costCentre', 'team', 'label'];
const traceFilters = ['agent', 'model', 'provider', 'user', 'session', 'environment', 'tool', 'label'];

/** Pages that show exactly what a group of a rule is made of: its project, time, filters and group. */
export function linksOfSlice(slice: Slice): AlertLink[] {
  const measure = measureOf(slice.rule);
  const ofMoney = measure === 'ledger';
  const session = slice.rule.groupBy === 'session' ? slice.group : null;
  return [
    ...(measure === 'budgets' ? [{ label: 'Budgets', path: withQuery('/budgets', projectOf(slice.projectId)) }] : []),
    ...(ofMoney ? [{ label: 'Costs of this time', path: costsPath(slice) }] : []),
    ...(measure === 'budgets' ? [] : [{ label: 'Traces of this time', path: tracesPath(slice) }]),
    ...(session === null || session === ''
      ? []
      : [
          {
            label: 'Session',
            path: withQuery(`/sessions/${encodeURIComponent(session)}`, projectOf(slice.projectId)),
          },
        ]),
  ];
}

export function eventLink(projectId: string, eventId: string): AlertLink {
  return {
    label: 'Open in Sightglass',
    path: withQuery('/alerts/history', [...projectOf(projectId), ['event', eventId]]),
  };
}

export function budgetLinks(projectId: string, budgetId: string, value: string | null): AlertLink[] {
  const path = `/budgets/${encodeURIComponent(budgetId)}`;
  const project = projectOf(projectId);
  return [
    { label: 'Budget', path: withQuery(path, [...project, ...(value === null ? [] : [['value', value] as const])]) },
    { label: 'Raise budget', path: withQuery(path, [...project, ['form', 'raise']]) },
  ];
}

function costsPath({ projectId, rule, group, window }: Slice): string {
  const by = rule.groupBy === null ? 'agent' : rule.groupBy === 'agent' ? 'model' : 'agent';
  return withQuery('/costs', [
    ...projectOf(projectId),
    ...timesOf(window),
    ['by', by],
    ...filtersOf(rule, group, costFilters),
  ]);
}

function tracesPath({ projectId, rule, group, window }: Slice): string {
  const status =
    rule.metric === 'error_rate' || rule.metric === 'tool_error_streak' ? [['status', 'error'] as const] : [];
  const filters = filtersOf(rule, group, traceFilters);
  return withQuery('/traces', [...projectOf(projectId), ...timesOf(window), ...filters, ...status]);
}

function filtersOf(
  { filters, groupBy }: AlertRuleInput,
  group: string | null,
  known: readonly string[],
): (readonly [string, string])[] {
  const given = Object.entries(filters).filter(([name, value]) => value !== undefined && known.includes(name));
  return [...given, ...groupFilter(groupBy, group, known)] as [string, string][];
}

/** What has no value at all has a filter of its own on the costs page alone. */
function groupFilter(
  groupBy: AlertGroupName | null,
  group: string | null,
  known: readonly string[],
): (readonly [string, string])[] {
  if (groupBy === null || group === null) return [];
  if (group === '') return known === costFilters ? [['unattributed', groupBy]] : [];
  if (groupBy.startsWith('label:')) return [['label', `${groupBy.slice('label:'.length)}=${group}`]];
  return known.includes(groupBy) ? [[groupBy, group]] : [];
}

function timesOf({ fromMs, toMs }: MsWindow): (readonly [string, string])[] {
  return [
    ['from', new Date(fromMs).toISOString()],
    ['to', new Date(toMs).toISOString()],
  ];
}

function projectOf(projectId: string): (readonly [string, string])[] {
  return projectId === 'default' ? [] : [['project', projectId]];
}

function withQuery(path: string, query: readonly (readonly [string, string])[]): string {
  const text = new URLSearchParams(query.map(([name, value]) => [name, value])).toString();
  return text === '' ? path : `${path}?${text}`;
}
