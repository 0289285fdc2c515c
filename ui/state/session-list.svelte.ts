import { createContext } from 'svelte';
import type { Params } from '../api/client.ts';
import { listSessions } from '../api/sessions.ts';
import type { SessionSort, SessionSummary } from '../api/types.ts';
import { type ListPart, type ListRequest, PagedList } from './paged-list.svelte.ts';

/**
 * The rows of the sessions list, read anew while live: a session grows with every turn and moves, so that a refresh reads
 * the rows again from the top.
 */
export class SessionList extends PagedList<SessionSummary, SessionSort> {
  /** Something happened since the rows were read. */
  outdated = $state(false);

  readonly #readPage: typeof listSessions;

  constructor(readPage: typeof listSessions = listSessions) {
    super();
    this.#readPage = readPage;
  }

  override load(request: ListRequest<SessionSort>): Promise<void> {
    this.outdated = false;
    return super.load(request);
  }

  protected async readPart(params: Params, signal: AbortSignal): Promise<ListPart<SessionSummary>> {
    const { sessions, nextCursor } = await this.#readPage(params, signal);
    return { rows: sessions, nextCursor };
  }

  /** What was read last is newer. */
  protected dropRepeated(rows: readonly SessionSummary[]): SessionSummary[] {
    return [...new Map(rows.map((row) => [row.sessionId, row])).values()];
  }
}

export const [getSessionList, setSessionList] = createContext<SessionList>();
