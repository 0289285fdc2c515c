import { toSearch, type Params } from '../api/client.ts';
import type { CostDimension, CostInterval } from '../api/types.ts';
import { type TimeRange, resolveRange } from '../components/range/time-range.ts';
import { readTraceQuery, writeRange } from './trace-query.ts';

export const costDimensions = [
  'agent',
  'model',
  'user',
  'session',
  'provider',
  'environment',
  'service',
  'revision',
  'costCentre',
  'team',
] as const satisfies readonly CostDimension[];
/** What one row of costs stands for. */
export type GroupName = CostDimension | `label:${string}`;
export type CostMetric = 'cost' | 'tokens' | 'calls';
export type CostFilterName = CostDimension | 'label' | 'unattributed';
export type CostFilters = Readonly<Partial<Record<CostFilterName, readonly string[]>>>;
/** The part of an address that selects money: the same for costs, ledger and what the links beside a sum lead to. */
export interface CostSelection {
  project: string;
  range: TimeRange;
  live: boolean;
  filters: CostFilters;
}

/** What the costs page shows, as it stands in the address. */
export interface CostQuery extends CostSelection {
  /** One or two. */
  by: readonly GroupName[];
  interval: CostInterval | 'auto';
  metric: CostMetric;
  compare: boolean;
  order: CostOrder;
  /** Groupings that were drilled through, first one first; the values chosen are among the filters. */
  drill: readonly (readonly GroupName[])[];
  /** The beginning of the interval whose movers are looked at; null: those of the whole range. */
  at: number | null;
  /** What movers are compared with. */
  against: 'previous' | 'week';
}

export const costColumns = [
  ...(['name', 'calls', 'input', 'output', 'cached', 'cost', 'session', 'share', 'change'] as const),
] as const;
export type CostColumn = (typeof costColumns)[number];
export interface CostOrder {
  column: CostColumn;
  descending: boolean;
}

export const filterNames: readonly CostFilterName[] = [...costDimensions, 'label', 'unattributed'];
const metrics: readonly CostMetric[] = ['cost', 'tokens', 'calls'];
const intervals = ['auto', 'hour', 'day', 'month'] as const;
const labelKeyMax = 128;
const groupsMax = 2;
const drillMax = 8;
const valuesMax = 20;
/** The API takes filter values of this length at most. */
export const filterValueMax = 512;
const msPerHour = 3_600_000;
const msPerDay = 24 * msPerHour;
/** The longest range an interval is drawn for: more columns than these have no room. */
const longestMs: Record<CostInterval, number> = { hour: 14 * msPerDay, day: 400 * msPerDay, month: Infinity };
const defaultOrder: CostOrder = { column: 'share', descending: true };

/** Reads the address. What is wrong in it is left out and named, so that a mistyped link still shows a page. */
export function readCostQuery(params: URLSearchParams): { query: CostQuery; problems: readonly string[] } {
  const problems: string[] = [];
  const query: CostQuery = {
    ...readSelection(params, problems),
    by: readGroups(params.get('by') ?? 'agent', problems),
    interval: readOneOf('interval', intervals, params, problems) ?? 'auto',
    metric: readOneOf('metric', metrics, params, problems) ?? 'cost',
    compare: params.get('compare') === 'on',
    order: readOrder(params, problems),
    drill: params
      .getAll('drill')
      .slice(0, drillMax)
      .map((text) => readGroups(text, problems)),
    at: readMoment(params.get('at'), problems),
    against: readOneOf('against', ['previous', 'week'], params, problems) ?? 'previous',
  };
  return { query, problems };
}

/** Project, range and filters, which the ledger reads as well. */
export function readSelection(params: URLSearchParams, problems: string[]): CostSelection {
  const own = new URLSearchParams(
    [...params].filter(([name]) => ['project', 'range', 'from', 'to', 'live'].includes(name)),
  );
  const { query, problems: rangeProblems } = readTraceQuery(own);
  problems.push(...rangeProblems);
  return { project: query.project, range: query.range, live: query.live, filters: readFilters(params, problems) };
}

/** One of the allowed words; undefined without the parameter, and with a problem where it is another. */
export function readOneOf<const Value extends string>(
  name: string,
  allowed: readonly Value[],
  params: URLSearchParams,
  problems: string[],
): Value | undefined {
  const text = params.get(name);
  const value = allowed.find((one) => one === text);
  if (text !== null && value === undefined) {
    problems.push(`“${name}=${text}” in the address is not known. Allowed: ${allowed.join(', ')}.`);
  }
  return value;
}

/** The moments of a selection and its filters, as the API takes them. */
export function toCostParams(selection: CostSelection, window: { fromMs: number; toMs: number }): Params {
  return {
    project: selection.project,
    from: new Date(window.fromMs).toISOString(),
    to: new Date(window.toMs).toISOString(),
    ...selection.filters,
  };
}

/** The same for the labels of spans, which know no missing values, no revisions and no owners. */
export function toLabelParams(selection: CostSelection, nowMs: number): Params {
  const { unattributed: _unknown, revision: _unread, costCentre: _centre, team: _team, ...filters } = selection.filters;
  return toCostParams({ ...selection, filters }, resolveWindow(selection, nowMs));
}

export function resolveWindow(selection: CostSelection, nowMs: number): { fromMs: number; toMs: number } {
  return resolveRange(selection.range, nowMs);
}

/** The time just before, as long. */
export function previousWindow({ fromMs, toMs }: { fromMs: number; toMs: number }): { fromMs: number; toMs: number } {
  return { fromMs: fromMs - (toMs - fromMs), toMs: fromMs };
}

/** The interval of the chart: as asked, else one that gives a readable number of columns. */
export function pickInterval(
  interval: CostInterval | 'auto',
  { fromMs, toMs }: { fromMs: number; toMs: number },
): CostInterval {
  const width = toMs - fromMs;
  if (interval !== 'auto' && isDrawable(interval, width)) return interval;
  if (width <= 3 * msPerDay) return 'hour';
  return width <= 120 * msPerDay ? 'day' : 'month';
}

/** Whether a range of this length can be drawn by the hour, day or month. */
export function isDrawable(interval: CostInterval, widthMs: number): boolean {
  return widthMs <= longestMs[interval];
}

/** The address of a selection: costs, ledger, or another page that knows these filters. */
export function selectionHref(path: string, selection: CostSelection, more: Params = {}): string {
  const { project, range, live, filters } = selection;
  return `${path}${toSearch({
    project: project === 'default' ? null : project,
    ...writeRange(range),
    live: live ? null : 'off',
    ...filters,
    ...more,
  })}`;
}

/** Sessions of the same filters; null where they have a filter that sessions do not know. */
export function sessionsHref(selection: CostSelection): string | null {
  const { filters } = selection;
  const isKnown = (['unattributed', 'revision', 'costCentre', 'team'] as const).every(
    (name) => filters[name] === undefined,
  );
  return isKnown ? selectionHref('/sessions', selection) : null;
}

/** The address parameters of all filters: those that are not set are removed. */
export function writeCostFilters(filters: CostFilters): Record<string, readonly string[] | null> {
  return Object.fromEntries(filterNames.map((name) => [name, filters[name] ?? null]));
}

/** Whether a group can have several sessions: a session itself has one, and costs what its row says. */
export function countsSessions(by: readonly GroupName[]): boolean {
  return !by.includes('session');
}

export function writeGroups(groups: readonly GroupName[]): string {
  return groups.join(',');
}

export function writeOrder({ column, descending }: CostOrder): string | null {
  const isDefault = column === defaultOrder.column && descending;
  return isDefault ? null : `${descending ? '-' : ''}${column}`;
}

/** `label:team` where it can be one. */
export function readGroupName(text: string): GroupName | undefined {
  const dimension = costDimensions.find((one) => one === text);
  if (dimension !== undefined) return dimension;
  const key = text.startsWith('label:') ? text.slice('label:'.length) : '';
  return key !== '' && key.length <= labelKeyMax && !key.includes(',') ? `label:${key}` : undefined;
}

function readMoment(text: string | null, problems: string[]): number | null {
  if (text === null) return null;
  const ms = Date.parse(text);
  if (!Number.isNaN(ms)) return ms;
  problems.push(`“at=${text}” in the address is not a time such as 2026-11-17T00:00:00Z.`);
  return null;
}

function readGroups(text: string, problems: string[]): GroupName[] {
  const groups: GroupName[] = [];
  for (const one of text.split(',').filter((part) => part !== '')) {
    const name = readGroupName(one);
    if (name === undefined) {
      problems.push(`Costs cannot be grouped by “${one}”. Allowed: ${costDimensions.join(', ')} and label:KEY.`);
    } else if (!groups.includes(name)) groups.push(name);
  }
  if (groups.length > groupsMax) problems.push(`Costs are grouped by at most ${groupsMax} names here.`);
  return groups.length === 0 ? ['agent'] : groups.slice(0, groupsMax);
}

function readFilters(params: URLSearchParams, problems: string[]): CostFilters {
  const filters: Partial<Record<CostFilterName, readonly string[]>> = {};
  for (const name of filterNames) {
    const values = [...new Set(params.getAll(name))].filter((value) => {
      const problem = checkFilter(name, value);
      if (problem !== null) problems.push(problem);
      return problem === null;
    });
    if (values.length > valuesMax) problems.push(`At most ${valuesMax} values of “${name}” filter at once.`);
    if (values.length > 0) filters[name] = values.slice(0, valuesMax);
  }
  return filters;
}

/** What is wrong with a filter, as a sentence; null where nothing is. */
export function checkFilter(name: CostFilterName, value: string): string | null {
  if (value === '') return `“${name}” needs a value.`;
  if (value.length > filterValueMax) return `The value of “${name}” is longer than ${filterValueMax} characters.`;
  if (name === 'label' && !/^[^=]+=./s.test(value)) return `“label:${value}” is not a label. Write label:KEY=VALUE.`;
  if (name === 'unattributed' && readGroupName(value) === undefined) {
    return `“no:${value}” is not known. Allowed: ${costDimensions.join(', ')} and label:KEY.`;
  }
  return null;
}

function readOrder(params: URLSearchParams, problems: string[]): CostOrder {
  const text = params.get('order');
  if (text === null) return defaultOrder;
  const name = text.replace(/^-/, '');
  const column = costColumns.find((one) => one === name);
  if (column === undefined) {
    problems.push(
      `“order=${text}” in the address is not known. Allowed: ${costColumns.join(', ')}, with - for descending.`,
    );
    return defaultOrder;
  }
  return { column, descending: text.startsWith('-') };
}
