import { type FilterName, type Filters, filterFields } from '../components/query/filter-fields.ts';
import { readValue } from '../components/query/query-text.ts';
import {
  type TimeRange,
  defaultRange,
  readCalendarToken,
  readLastToken,
  resolveRange,
} from '../components/range/time-range.ts';
import type { Params } from '../api/client.ts';
import type { TraceListQuery } from '../api/types.ts';

export type TraceSort = TraceListQuery['sort'];

/** What the traces page shows, as it stands in the address. */
export interface TraceQuery {
  project: string;
  range: TimeRange;
  filters: Filters;
  words: string;
  sort: TraceSort;
  live: boolean;
}

const sorts: readonly TraceSort[] = ['-startTime', 'startTime', '-duration', '-tokens', '-errors', '-cost'];

/** Reads the address. What is wrong in it is left out and named, so that a mistyped link still shows a page. */
export function readTraceQuery(params: URLSearchParams): { query: TraceQuery; problems: readonly string[] } {
  const problems: string[] = [];
  const query: TraceQuery = {
    project: params.get('project') ?? 'default',
    range: readRange(params, problems),
    filters: readFilters(params, problems),
    words: params.get('q') ?? '',
    sort: readSort(params, problems),
    live: params.get('live') !== 'off',
  };
  return { query, problems };
}

/** What the lists of traces and of sessions are narrowed by. */
export type NarrowQuery = Omit<TraceQuery, 'sort'>;

/** The parameters that the list, the histogram, the facets and the live stream share, at a fixed moment. */
export function toApiParams(query: NarrowQuery, nowMs: number): Params {
  const { fromMs, toMs } = resolveRange(query.range, nowMs);
  return {
    project: query.project,
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    ...query.filters,
    q: query.words,
  };
}

/** The live stream's parameters: the same filters, without a time. */
export function toLiveParams(query: NarrowQuery): Params {
  return { project: query.project, ...query.filters, q: query.words };
}

/** The address parameters of a range; the default is no parameter. */
export function writeRange(range: TimeRange): Record<'range' | 'from' | 'to', string | null> {
  if (range.kind === 'between' && range.preset !== undefined) return { range: range.preset, from: null, to: null };
  if (range.kind === 'between') {
    return { range: null, from: new Date(range.fromMs).toISOString(), to: new Date(range.toMs).toISOString() };
  }
  const isDefault = defaultRange.kind === 'last' && range.text === defaultRange.text;
  return { range: isDefault ? null : range.text, from: null, to: null };
}

/** The address parameters of all filters: those that are not set are removed. */
export function writeFilters(filters: Filters): Record<FilterName, readonly string[] | null> {
  const entries = filterFields.map(({ name }) => [name, filters[name] ?? null] as const);
  return Object.fromEntries(entries) as Record<FilterName, readonly string[] | null>;
}

/** True where anything but project and time narrows the list. */
export function isNarrowed(query: NarrowQuery): boolean {
  return query.words !== '' || filterFields.some(({ name }) => query.filters[name] !== undefined);
}

function readRange(params: URLSearchParams, problems: string[]): TimeRange {
  const token = params.get('range');
  if (token !== null) {
    const range = readLastToken(token) ?? readCalendarToken(token, Date.now());
    if (range === undefined)
      problems.push(
        `“range=${token}” in the address is not known. Allowed: 15m, 3h, 7d and the like, and today, yesterday, this-month and so on.`,
      );
    return range ?? defaultRange;
  }
  const [from, to] = [params.get('from'), params.get('to')];
  if (from === null && to === null) return defaultRange;
  const fromMs = Date.parse(from ?? '');
  const toMs = Date.parse(to ?? '');
  if (fromMs < toMs) return { kind: 'between', fromMs, toMs };
  problems.push('“from” and “to” in the address are not two times of which the second is later.');
  return defaultRange;
}

function readFilters(params: URLSearchParams, problems: string[]): Filters {
  const filters: Partial<Record<FilterName, readonly string[]>> = {};
  for (const field of filterFields) {
    const values: string[] = [];
    for (const text of params.getAll(field.name)) {
      const reading = readValue(field, text);
      if ('problem' in reading) problems.push(reading.problem);
      else values.push(reading.value);
    }
    if (values.length > 0) filters[field.name] = field.many ? values : values.slice(0, 1);
  }
  return filters;
}

function readSort(params: URLSearchParams, problems: string[]): TraceSort {
  const text = params.get('sort');
  const sort = sorts.find((one) => one === text);
  if (text !== null && sort === undefined) {
    problems.push(`“sort=${text}” in the address is not known. Allowed: ${sorts.join(', ')}.`);
  }
  return sort ?? '-startTime';
}
