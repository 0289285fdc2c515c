import { ApiError } from '../contract/errors.ts';
import type { FilterQuery } from '../contract/requests.ts';
import type { Filters, TimeWindow } from '../domain/filters.ts';
import { readLabelFilters } from '../domain/label-filters.ts';
import { parseTextQuery } from '../domain/text-query.ts';
import { msPerDay, parseRfc3339, shift, type UnixNano, unixNanoOfMs } from '../domain/time.ts';

const defaultWindowMs = msPerDay;

/** What a filtered list, facet or histogram is asked for, as the queries take it. Throws `invalid_request`. */
export function readSelection(query: FilterQuery, nowMs: number) {
  return {
    projectId: query.project,
    window: readWindow(query, nowMs),
    isDefaultWindow: query.from === undefined && query.to === undefined,
    filters: readFilters(query),
  };
}

export function readFilters(query: FilterQuery): Filters {
  const { agent, model, user, session, tool, provider, service, environment, kind } = query;
  const { status, minCostUsd, minDurationMs, q = '' } = query;
  return {
    ...{ agent, model, user, session, tool, provider, service, environment, kind },
    labels: query.label === undefined ? undefined : readLabelFilters(query.label),
    ...{ status, minCostUsd, minDurationMs, text: parseTextQuery(q) },
  };
}

/** `from` and `to`; without `from` so long before `to`, without `to` up to now. Throws `invalid_request`. */
export function readWindow(
  query: Pick<FilterQuery, 'from' | 'to'>,
  nowMs: number,
  lengthMs: number = defaultWindowMs,
): TimeWindow {
  // A span that starts in this very millisecond belongs to "now" as well.
  const to = query.to === undefined ? unixNanoOfMs(nowMs + 1) : readTime('to', query.to);
  const from = query.from === undefined ? shift(to, -lengthMs) : readTime('from', query.from);
  if (from > to) throw new ApiError('invalid_request', '`from` must not be after `to`');
  return { from, to };
}

function readTime(name: string, text: string): UnixNano {
  const time = parseRfc3339(text);
  if (time === undefined) {
    throw new ApiError('invalid_request', `\`${name}\` must be a time between 1970 and 2262`);
  }
  return time;
}
