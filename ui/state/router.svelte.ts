import { createContext } from 'svelte';

export type Route =
  | { page: 'traces' }
  | { page: 'trace'; traceId: string }
  | { page: 'sessions' }
  | { page: 'session'; sessionId: string }
  | { page: 'costs' }
  | { page: 'cost-ledger' }
  | { page: 'cost-unpriced' }
  | { page: 'agents' }
  | { page: 'agent'; name: string }
  | { page: 'ingest' }
  | { page: 'settings' }
  | { page: 'missing' };

interface NavigateOptions {
  /** Write over the current history entry instead of adding one. */
  replace?: boolean;
}

/** What the address says about one trace only; a list or another trace must not inherit it. */
const traceParams = ['span', 'tab', 'view', 'find', 'show', 'focus', 'full', 'attribute'];
/** What it says about one session only. */
const sessionParams = ['step', 'pane'];
/** The row that is current in a list, and its order: lists of other things have others. */
const listParams = ['trace', 'row', 'sort'];
/** What it says about sums of money only, in the order of the page. */
const costParams = ['revision', 'unattributed', 'by', 'drill', 'interval', 'metric', 'compare', 'order'];
const ledgerParams = ['booking', 'counted', 'sort', 'traceId', 'history'];
/** What it says about one agent only: what of it is shown, and the conversation with it. */
const agentParams = ['view', 'chat'];
/** What pages of agents are asked for; what other pages are filtered by is none of theirs. */
const agentsParams = ['project', 'range', 'from', 'to', 'live'];
/** What the settings are asked for: whose keys are listed. */
const settingsParams = ['of'];
/** What money is selected by, on any page. */
const moneyParams = [
  ...['project', 'range', 'from', 'to', 'live'],
  ...['agent', 'model', 'user', 'session', 'provider', 'environment', 'service', 'label'],
];

/**
 * The page's address as state, and the only place that writes it. `url` never changes in place.
 * Two routes and a typed query do not need a routing library; what matters here is the query.
 */
export class Router {
  url: URL = $state.raw(new URL(location.href));
  readonly route: Route = $derived(readRoute(this.url.pathname));
  readonly params: URLSearchParams = $derived(this.url.searchParams);
  /** The project that every request names. */
  readonly project: string = $derived(this.url.searchParams.get('project') ?? 'default');

  /** Follows the browser's own back and forward, and plain clicks on links of this origin, until stopped. */
  start(): () => void {
    const onpop = () => {
      this.url = new URL(location.href);
    };
    const onclick = (event: MouseEvent) => {
      const link = findPlainLink(event);
      if (link === null) return;
      event.preventDefault();
      this.go(link.href);
    };
    addEventListener('popstate', onpop);
    document.addEventListener('click', onclick);
    return () => {
      removeEventListener('popstate', onpop);
      document.removeEventListener('click', onclick);
    };
  }

  /** Opens a path of this origin, such as `/traces?project=default`. */
  go(href: string, options: NavigateOptions = {}): void {
    const url = new URL(href, this.url);
    if (url.href === this.url.href) return;
    if (options.replace === true) history.replaceState(null, '', url);
    else history.pushState(null, '', url);
    this.url = url;
  }

  /** Sets (or, with `null`, removes) parameters of the current address; an array repeats the name. */
  setParams(changes: Record<string, string | readonly string[] | null>, options: NavigateOptions = {}): void {
    this.go(this.hrefWith(changes), options);
  }

  /** The current address with parameters set or, with `null`, removed. */
  hrefWith(changes: Record<string, string | readonly string[] | null>): string {
    const url = new URL(this.url);
    for (const [name, value] of Object.entries(changes)) {
      url.searchParams.delete(name);
      const values = value === null ? [] : typeof value === 'string' ? [value] : value;
      for (const one of values) url.searchParams.append(name, one);
    }
    return url.href;
  }

  /** The address of the traces list with the current project, range and filters. */
  tracesHref(): string {
    const { page } = this.route;
    const other = page === 'sessions' || page === 'session' ? listParams : [];
    return `/traces${this.#searchWithout([...traceParams, ...sessionParams, ...other])}`;
  }

  /** The address of the sessions list with the current project, range and filters. */
  sessionsHref(): string {
    const { page } = this.route;
    const other = page === 'sessions' || page === 'session' ? [] : listParams;
    return `/sessions${this.#searchWithout([...traceParams, ...sessionParams, ...other])}`;
  }

  /** The address of a session, at a step of it if one is given. */
  sessionHref(sessionId: string, step?: string): string {
    const search = new URLSearchParams(this.#searchWithout(['trace', 'row', ...traceParams, ...sessionParams]));
    if (step !== undefined) search.set('step', step);
    const text = search.toString();
    return `/sessions/${encodeURIComponent(sessionId)}${text === '' ? '' : `?${text}`}`;
  }

  /** The address of a trace; what the list was filtered by stays in it, so that going back loses nothing. */
  traceHref(traceId: string, spanId?: string): string {
    const fromSessions = this.route.page === 'sessions' || this.route.page === 'session';
    const other = fromSessions ? listParams : ['trace'];
    const search = new URLSearchParams(this.#searchWithout([...other, ...traceParams, ...sessionParams]));
    if (spanId !== undefined) search.set('span', spanId);
    const text = search.toString();
    return `/traces/${traceId}${text === '' ? '' : `?${text}`}`;
  }

  /** The address of the costs with the current project, range and those filters that select money. */
  costsHref(): string {
    return this.#hrefWithOnly('/costs', [...moneyParams, ...costParams]);
  }

  /** The address of what has no price, in the same project, range and filters. */
  unpricedHref(): string {
    return this.#hrefWithOnly('/costs/unpriced', [...moneyParams, 'label', 'revision', 'unattributed']);
  }

  /** The address of the agents in the current project and range. */
  agentsHref(): string {
    return this.#hrefWithOnly('/agents', agentsParams);
  }

  /** The address of one agent, declared or not. */
  agentHref(name: string): string {
    return this.#hrefWithOnly(`/agents/${encodeURIComponent(name)}`, agentsParams);
  }

  /** The address of what was received, in the current project and range. */
  ingestHref(): string {
    return this.#hrefWithOnly('/ingest', agentsParams);
  }

  /** The address of the settings; the range stays, for the pages that one comes back to. */
  settingsHref(view?: 'connect' | 'preferences' | 'about'): string {
    const href = this.#hrefWithOnly('/settings', agentsParams);
    return view === undefined ? href : `${href}${href.includes('?') ? '&' : '?'}view=${view}`;
  }

  #hrefWithOnly(path: string, known: readonly string[]): string {
    const search = new URLSearchParams([...this.params].filter(([name]) => known.includes(name)));
    const text = search.toString();
    return `${path}${text === '' ? '' : `?${text}`}`;
  }

  #searchWithout(names: readonly string[]): string {
    const search = new URLSearchParams(this.params);
    const { page } = this.route;
    const ofMoney = isMoney(page) ? [...costParams, ...ledgerParams] : [];
    const ofPage = isOfAgents(page) ? agentParams : page === 'settings' ? settingsParams : [];
    for (const name of [...names, ...ofMoney, ...ofPage]) search.delete(name);
    const text = search.toString();
    return text === '' ? '' : `?${text}`;
  }
}

export const [getRouter, setRouter] = createContext<Router>();

function readRoute(pathname: string): Route {
  const [first, second, ...rest] = pathname.split('/').filter((part) => part !== '');
  if (rest.length > 0) return { page: 'missing' };
  if (first === undefined || (first === 'traces' && second === undefined)) return { page: 'traces' };
  if (first === 'traces' && second !== undefined) {
    return { page: 'trace', traceId: decodeURIComponent(second) };
  }
  if (first === 'sessions') return second === undefined ? { page: 'sessions' } : readSession(second);
  if (first === 'agents') return second === undefined ? { page: 'agents' } : readAgent(second);
  if (first === 'ingest' && second === undefined) return { page: 'ingest' };
  if (first === 'settings' && second === undefined) return { page: 'settings' };
  if (first === 'costs') {
    if (second === undefined) return { page: 'costs' };
    if (second === 'ledger') return { page: 'cost-ledger' };
    if (second === 'unpriced') return { page: 'cost-unpriced' };
  }
  return { page: 'missing' };
}

/** One of the pages about money: they share range and filters. */
export function isMoney(page: Route['page']): boolean {
  return page === 'costs' || page === 'cost-ledger' || page === 'cost-unpriced';
}

/** One of the pages about agents: they share the range. */
export function isOfAgents(page: Route['page']): boolean {
  return page === 'agents' || page === 'agent';
}

function readSession(segment: string): Route {
  const sessionId = decodeSegment(segment);
  return sessionId === undefined ? { page: 'missing' } : { page: 'session', sessionId };
}

function readAgent(segment: string): Route {
  const name = decodeSegment(segment);
  return name === undefined ? { page: 'missing' } : { page: 'agent', name };
}

/** An id or a name may hold anything, so a mistyped `%` is no escape of one. */
function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/** The link that a plain left click is on; null where the browser should act (new tab, download, other origin). */
function findPlainLink(event: MouseEvent): HTMLAnchorElement | null {
  if (event.defaultPrevented || event.button !== 0) return null;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null;
  if (!(event.target instanceof Element)) return null;
  const link = event.target.closest('a');
  if (link?.target !== '' || link.hasAttribute('download')) return null;
  const url = new URL(link.href, location.href);
  return url.origin === location.origin && !url.pathname.startsWith('/api/') ? link : null;
}
