import { createContext } from 'svelte';

export type Route =
  | { page: 'traces' }
  | { page: 'trace'; traceId: string }
  | { page: 'sessions' }
  | { page: 'session'; sessionId: string }
  | { page: 'costs' }
  | { page: 'cost-ledger' }
  | { page: 'cost-unpriced' }
  | { page: 'cost-statement' }
  | { page: 'cost-owners' }
  | { page: 'budgets' }
  | { page: 'budget'; budgetId: string }
  | { page: 'agents' }
  | { page: 'agent'; name: string }
  | { page: 'ingest' }
  | { page: 'alerts'; view: AlertsView }
  /** Null: a new rule. */
  | { page: 'alert-rule'; ruleId: string | null }
  | { page: 'settings' }
  | { page: 'missing' };

/** The pages below `/alerts`; the first one is `/alerts` itself. */
export const alertsViews = ['firing', 'rules', 'history', 'deliveries', 'channels'] as const;
export type AlertsView = (typeof alertsViews)[number];

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
const costParams = [
  'revision',
  'costCentre',
  'team',
  'unattributed',
  'at',
  'against',
  'by',
  'drill',
  'interval',
  'metric',
  'compare',
  'order',
];
const ledgerParams = ['month', 'zone', 'booking', 'counted', 'sort', 'traceId', 'history'];
/** What it says about one agent only: what of it is shown, and the conversation with it. */
const agentParams = ['view', 'chat'];
/** What lists of budgets are filtered and ordered by. */
const budgetListParams = ['scope', 'state', 'action', 'agent', 'q', 'order'];
/** Which of its values a budget shows, as what, and the form that is open. */
const budgetParams = [...budgetListParams, 'value', 'show', 'form'];
/** What pages of agents are asked for; what other pages are filtered by is none of theirs. */
const agentsParams = ['project', 'range', 'from', 'to', 'live'];
/** What the settings are asked for: whose keys are listed. */
const settingsParams = ['of'];
/** What the pages of alerts narrow their lists by, and what a new rule begins with. */
const alertParams = ['rule', 'budget', 'state', 'group', 'event', 'channel', 'template'];
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
    // Other pages have orders of their own.
    const known = isMoney(this.route.page) ? [...moneyParams, ...costParams] : moneyParams;
    return this.#hrefWithOnly('/costs', known);
  }

  /** The address of what has no price, in the same project, range and filters. */
  unpricedHref(): string {
    return this.#hrefWithOnly('/costs/unpriced', [...moneyParams, 'label', 'revision', 'unattributed']);
  }

  /** The address of the statement of a month; without one, of the last whole month. */
  statementHref(shown: Readonly<Record<string, string>> = {}): string {
    return this.#hrefWithOnly('/costs/statement', [...agentsParams, 'month', 'zone'], shown);
  }

  /** The address of the rules that say who pays, in the current project and range. */
  ownersHref(): string {
    return this.#hrefWithOnly('/costs/owners', agentsParams);
  }

  /** The address of the budgets; from one of them, back to the list as it was filtered. */
  budgetsHref(filters: Readonly<Record<string, string>> = {}): string {
    return this.#hrefWithOnly('/budgets', this.#ofBudgetList(), filters);
  }

  /** The address of one budget; `shown` says of which value, or which form is open. */
  budgetHref(budgetId: string, shown: Readonly<Record<string, string>> = {}): string {
    return this.#hrefWithOnly(`/budgets/${encodeURIComponent(budgetId)}`, this.#ofBudgetList(), shown);
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

  /** The address of what fires now, or of another page about alerts; `filters` narrows its list. */
  alertsHref(view: AlertsView = 'firing', filters: Readonly<Record<string, string>> = {}): string {
    return this.#hrefWithOnly(view === 'firing' ? '/alerts' : `/alerts/${view}`, agentsParams, filters);
  }

  /** The address of a rule in its editor; `null`: of a new one, `filters` says from which template. */
  alertRuleHref(ruleId: string | null, filters: Readonly<Record<string, string>> = {}): string {
    const segment = ruleId === null ? 'new' : encodeURIComponent(ruleId);
    return this.#hrefWithOnly(`/alerts/rules/${segment}`, agentsParams, filters);
  }

  /** The address of the settings; the range stays, for the pages that one comes back to. */
  settingsHref(view?: 'connect' | 'preferences' | 'about'): string {
    const href = this.#hrefWithOnly('/settings', agentsParams);
    return view === undefined ? href : `${href}${href.includes('?') ? '&' : '?'}view=${view}`;
  }

  #ofBudgetList(): readonly string[] {
    return isOfBudgets(this.route.page) ? [...agentsParams, ...budgetListParams] : agentsParams;
  }

  #hrefWithOnly(path: string, known: readonly string[], more: Readonly<Record<string, string>> = {}): string {
    const search = new URLSearchParams([...this.params].filter(([name]) => known.includes(name)));
    for (const [name, value] of Object.entries(more)) search.set(name, value);
    const text = search.toString();
    return `${path}${text === '' ? '' : `?${text}`}`;
  }

  #searchWithout(names: readonly string[]): string {
    const search = new URLSearchParams(this.params);
    const { page } = this.route;
    const ofMoney = isMoney(page) ? [...costParams, ...ledgerParams] : [];
    for (const name of [...names, ...ofMoney, ...ownParams(page)]) search.delete(name);
    const text = search.toString();
    return text === '' ? '' : `?${text}`;
  }
}

export const [getRouter, setRouter] = createContext<Router>();

function readRoute(pathname: string): Route {
  const [first, second, ...rest] = pathname.split('/').filter((part) => part !== '');
  if (first === 'alerts') return readAlerts(second, rest);
  if (rest.length > 0) return { page: 'missing' };
  if (first === undefined || (first === 'traces' && second === undefined)) return { page: 'traces' };
  if (first === 'traces' && second !== undefined) {
    return { page: 'trace', traceId: decodeURIComponent(second) };
  }
  if (first === 'sessions') return second === undefined ? { page: 'sessions' } : readSession(second);
  if (first === 'agents') return second === undefined ? { page: 'agents' } : readAgent(second);
  if (first === 'budgets') return second === undefined ? { page: 'budgets' } : readBudget(second);
  if (first === 'ingest' && second === undefined) return { page: 'ingest' };
  if (first === 'settings' && second === undefined) return { page: 'settings' };
  if (first === 'costs') {
    if (second === undefined) return { page: 'costs' };
    if (second === 'ledger') return { page: 'cost-ledger' };
    if (second === 'unpriced') return { page: 'cost-unpriced' };
    if (second === 'statement') return { page: 'cost-statement' };
    if (second === 'owners') return { page: 'cost-owners' };
  }
  return { page: 'missing' };
}

/** What the address says about this page alone. */
function ownParams(page: Route['page']): readonly string[] {
  if (isOfAgents(page)) return agentParams;
  if (isOfBudgets(page)) return budgetParams;
  if (isOfAlerts(page)) return alertParams;
  return page === 'settings' ? settingsParams : [];
}

/** One of the pages about money: they share range and filters. */
export function isMoney(page: Route['page']): boolean {
  return page.startsWith('cost');
}

/** One of the pages about agents: they share the range. */
export function isOfAgents(page: Route['page']): boolean {
  return page === 'agents' || page === 'agent';
}

/** One of the pages about alerts. */
export function isOfAlerts(page: Route['page']): boolean {
  return page === 'alerts' || page === 'alert-rule';
}

function readAlerts(second: string | undefined, rest: readonly string[]): Route {
  const [third] = rest;
  if (rest.length > 1) return { page: 'missing' };
  if (second === 'rules' && third !== undefined) {
    const ruleId = decodeSegment(third);
    if (ruleId === undefined) return { page: 'missing' };
    return { page: 'alert-rule', ruleId: ruleId === 'new' ? null : ruleId };
  }
  const view = second === undefined ? 'firing' : alertsViews.find((one) => one === second);
  const isKnown = view !== undefined && third === undefined && second !== 'firing';
  return isKnown ? { page: 'alerts', view } : { page: 'missing' };
}

/** One of the pages about budgets. */
export function isOfBudgets(page: Route['page']): boolean {
  return page === 'budgets' || page === 'budget';
}

function readBudget(segment: string): Route {
  const budgetId = decodeSegment(segment);
  return budgetId === undefined ? { page: 'missing' } : { page: 'budget', budgetId };
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
