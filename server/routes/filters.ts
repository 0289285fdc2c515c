import { ApiError } from '../contract/errors.ts';
import type { FilterQuery } from '../contract/requests.ts';
import type { Filters, TimeWindow } from '../domain/filters.ts';
import { parseTextQuery } from '../domain/text-query.ts';
import { msPerDay, parseRfc3339, shift, type UnixNano, unixNanoOfMs } from '../domain/time.ts';

const defaultWindowMs = msPerDay;

/** The query's filters as the queries take them. */
export function readFilters(query: FilterQuery): Filters {
  const { agent, model, user, session, tool, provider, service, environment, kind } = query;
  const { status, minCostUsd, minDurationMs, q = '' } = query;
  return {
    ...{ agent, model, user, session, tool, provider, service, environment, kind },
    ...{ status, minCostUsd, minDurationMs, text: parseTextQuery(q) },
  };
}

/** `from` and `to`, or the 24 hours before `to`, or before now. Throws `invalid_request` when `from` is after `to`. */
export function readWindow(query: { from?: string | undefined; to?: string | undefined }, nowMs: number): TimeWindow {
  // A span that arrives while the query runs belongs to "now" as well.
  const to = query.to === undefined ? unixNanoOfMs(nowMs + 1) : readTime('to', query.to);
  const from = query.from === undefined ? shift(to, -defaultWindowMs) : readTime('from', query.from);
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
