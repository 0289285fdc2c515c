import type { SessionSort } from '../api/types.ts';
import { ListPage, type ListPageParts } from './list-page.svelte.ts';
import type { SessionList } from './session-list.svelte.ts';
import { type SessionQuery, readSessionQuery } from './session-query.ts';

/** The sessions page. What arrives is in a session's sums a moment later, once it is settled. */
export class SessionsPage extends ListPage<SessionSort, SessionQuery, SessionList> {
  constructor(parts: ListPageParts<SessionList>) {
    super(parts, { read: readSessionQuery, rowParam: 'row' });
  }

  /** Something arrived: at the top of the list it is read anew soon, further down a mark says that there is more. */
  noteArrival(): void {
    this.refreshSoon();
  }

  /** Who scrolls back to the top sees what happened meanwhile. */
  override noteScroll(scrollTop: number): void {
    super.noteScroll(scrollTop);
    if (scrollTop === 0 && this.parts.list.outdated) this.reload();
  }

  protected refresh(): void {
    const { list, projects } = this.parts;
    if (projects.isEmpty(this.query.project)) void projects.load();
    if (list.scrollTop === 0) this.reload();
    else list.outdated = true;
  }
}
