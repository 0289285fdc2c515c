import type { SessionSort } from '../api/types.ts';
import { type NarrowQuery, readTraceQuery } from './trace-query.ts';

/** What the sessions page shows, as it stands in the address: the filters of the traces page in an order of its own. */
export type SessionQuery = NarrowQuery & { sort: SessionSort };

const sorts: readonly SessionSort[] = ['-startTime', 'startTime', '-endTime', '-turns', '-cost', '-tokens', '-errors'];

/** Reads the address. What is wrong in it is left out and named. */
export function readSessionQuery(params: URLSearchParams): { query: SessionQuery; problems: readonly string[] } {
  const shared = new URLSearchParams(params);
  shared.delete('sort');
  const { query, problems } = readTraceQuery(shared);
  const text = params.get('sort');
  const sort = sorts.find((one) => one === text);
  const wrong =
    text !== null && sort === undefined
      ? [`“sort=${text}” in the address is not known. Allowed: ${sorts.join(', ')}.`]
      : [];
  return { query: { ...query, sort: sort ?? '-startTime' }, problems: [...problems, ...wrong] };
}
