import type { Filters, TimeWindow } from '../domain/filters.ts';
import type { Db } from './db.ts';
import { findTracesOfId } from './text-search.ts';
import type { TraceSelection } from './trace-keys.ts';

/**
 * What a request selects: where its search text is an id, that id's traces at any time; undefined when its text has nothing
 * that could be found.
 */
export async function selectTraces(
  db: Db,
  request: { projectId: string; window: TimeWindow; filters: Filters },
): Promise<TraceSelection | undefined> {
  const { projectId, window, filters } = request;
  const { text } = filters;
  if (text?.id !== undefined) {
    const found = await findTracesOfId(db, { projectId, id: text.id, window });
    if (found !== undefined) return { projectId, filters: { ...filters, text: undefined }, ...found };
  }
  const isSearchable = text === undefined || text.words.length + text.phrases.length > 0;
  return isSearchable ? { projectId, filters, window } : undefined;
}
