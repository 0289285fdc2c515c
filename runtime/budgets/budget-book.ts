import type { BudgetContext, DeclaredBudgets, Resolution, ResolveBudgets, ResolvedAccount } from './resolve-budgets.ts';

/** What was said so long ago at most is taken for what is; whoever refreshes does so more often. */
const freshMs = 30_000;
/** A server that did not answer is not waited for again before this time. */
const askAgainMs = 2_000;
const contextsMax = 5_000;
const accountsMax = 20_000;

/** `unknown`: the server has never said. */
export type Applying = { status: 'known'; accounts: readonly ResolvedAccount[] } | { status: 'unknown' };

/** Which definition an account may be declared by. */
export interface Declarer {
  agent: string | null;
  declared: DeclaredBudgets;
}

interface KnownAccount extends Declarer {
  account: ResolvedAccount;
  usedMs: number;
}

interface ProjectBook {
  /** Undefined: the server has never answered. */
  revision: string | undefined;
  asOfMs: number;
  answeredMs: number;
  failedMs: number;
  usedMs: number;
  /** Accounts of a context as they were at a revision; those used last stand last. */
  contexts: Map<string, { revision: string; accountIds: readonly string[] }>;
  accounts: Map<string, KnownAccount>;
  asking: Map<string, Promise<Applying>>;
}

/** Which budgets apply to whom, as the server said last. While it is away that holds on, also beyond the end of a period. */
export class BudgetBook {
  readonly #ask: ResolveBudgets;
  readonly #nowMs: () => number;
  readonly #projects = new Map<string, ProjectBook>();

  constructor({ ask, nowMs = Date.now }: { ask: ResolveBudgets; nowMs?: () => number }) {
    this.#ask = ask;
    this.#nowMs = nowMs;
  }

  /** Whether it is known that a project has no budgets but those that agents declare. Never waits. */
  isEmpty(project: string): boolean {
    const book = this.#bookOf(project);
    book.usedMs = this.#nowMs();
    return book.revision === '' && !this.#isDue(book);
  }

  /** What applies to a call; waits for the server only where nothing is known, or nothing that is fresh. */
  async applyingTo(context: BudgetContext): Promise<Applying> {
    const book = this.#bookOf(context.project);
    book.usedMs = this.#nowMs();
    const known = this.#read(book, context);
    if (known !== undefined && known.isCurrent && !this.#isDue(book)) return known.applying;
    // Where it is known that there are budgets, whoever has not been asked for is worth the wait.
    if (this.#isAway(book) && (known !== undefined || book.revision === undefined))
      return known?.applying ?? { status: 'unknown' };
    // Two calls with the same context ask once.
    const name = nameOf(context);
    const running = book.asking.get(name);
    if (running !== undefined) return running;
    const asking = this.#resolve(book, context).finally(() => book.asking.delete(name));
    book.asking.set(name, asking);
    return asking;
  }

  /** An account as it was last resolved. */
  find(project: string, accountId: string): ResolvedAccount | undefined {
    return this.#projects.get(project)?.accounts.get(accountId)?.account;
  }

  /** Which definition to name when accounts are asked for again: one list for each, those of no definition with the first. */
  groupByDeclarer(project: string, accountIds: readonly string[]): { declarer: Declarer; accountIds: string[] }[] {
    const groups = new Map<string, { declarer: Declarer; accountIds: string[] }>();
    for (const accountId of accountIds) {
      const { agent = null, declared = [] } = this.#projects.get(project)?.accounts.get(accountId) ?? {};
      const name = declared.length === 0 ? '' : JSON.stringify([agent, declared]);
      const group = groups.get(name) ?? {
        declarer: declared.length === 0 ? noDeclarer : { agent, declared },
        accountIds: [],
      };
      group.accountIds.push(accountId);
      groups.set(name, group);
    }
    return [...groups.values()];
  }

  /** Projects that were asked about within this time, each with the accounts that were. */
  listUsed(withinMs: number): { project: string; accountIds: string[] }[] {
    const since = this.#nowMs() - withinMs;
    return [...this.#projects].flatMap(([project, { usedMs, accounts }]) => {
      const used = [...accounts].filter(([, one]) => one.usedMs >= since);
      return usedMs >= since ? [{ project, accountIds: used.map(([accountId]) => accountId) }] : [];
    });
  }

  /** Takes down what the server says; accounts that were asked for and are not in the answer are gone. */
  note(project: string, { revision, nowMs, accounts }: Resolution, declarer: Declarer, asked: readonly string[]): void {
    const book = this.#bookOf(project);
    book.answeredMs = this.#nowMs();
    if (nowMs >= book.asOfMs) {
      book.asOfMs = nowMs;
      book.revision = revision;
    }
    const there = new Set(accounts.map(({ accountId }) => accountId));
    for (const accountId of asked) if (!there.has(accountId)) book.accounts.delete(accountId);
    for (const account of accounts) {
      const known = book.accounts.get(account.accountId);
      if (known !== undefined && known.account.asOfMs > nowMs) continue;
      book.accounts.delete(account.accountId);
      // One that applies where nothing is declared is nobody's own.
      const isShared = account.scope === 'project' || known?.declared.length === 0;
      const own = { account, usedMs: known?.usedMs ?? -Infinity };
      book.accounts.set(account.accountId, { ...own, ...(isShared ? noDeclarer : declarer) });
    }
    dropOldest(book.accounts, accountsMax);
  }

  /** The server did not answer. */
  noteFailure(project: string): void {
    this.#bookOf(project).failedMs = this.#nowMs();
  }

  #bookOf(project: string): ProjectBook {
    const known = this.#projects.get(project);
    if (known !== undefined) return known;
    const book: ProjectBook = {
      ...{ revision: undefined, asOfMs: -Infinity, answeredMs: -Infinity, failedMs: -Infinity, usedMs: -Infinity },
      ...{ contexts: new Map(), accounts: new Map(), asking: new Map() },
    };
    this.#projects.set(project, book);
    return book;
  }

  async #resolve(book: ProjectBook, context: BudgetContext): Promise<Applying> {
    const { project, agent, declared } = context;
    const resolution = await this.#ask(context);
    if (resolution === undefined) {
      this.noteFailure(project);
      return this.#read(book, context)?.applying ?? this.#guess(book, context);
    }
    this.note(project, resolution, { agent, declared }, []);
    const name = nameOf(context);
    const accountIds = resolution.accounts.map(({ accountId }) => accountId);
    book.contexts.delete(name);
    book.contexts.set(name, { revision: resolution.revision, accountIds });
    dropOldest(book.contexts, contextsMax);
    return this.#read(book, context)?.applying ?? { status: 'known', accounts: resolution.accounts };
  }

  /** Undefined where the context was never resolved; not current where it may have other accounts by now. */
  #read(book: ProjectBook, context: BudgetContext): { applying: Applying; isCurrent: boolean } | undefined {
    if (book.revision === '' && context.declared.length === 0)
      return { applying: { status: 'known', accounts: [] }, isCurrent: true };
    const entry = book.contexts.get(nameOf(context));
    if (entry === undefined) return undefined;
    const nowMs = this.#nowMs();
    const known = entry.accountIds.flatMap((id) => book.accounts.get(id) ?? []);
    for (const one of known) one.usedMs = nowMs;
    const accounts = known.map(({ account }) => account);
    const isOver = accounts.some(({ window: { to } }) => to !== null && Date.parse(to) <= nowMs);
    return { applying: { status: 'known', accounts }, isCurrent: entry.revision === book.revision && !isOver };
  }

  /** Accounts that apply to a context that was never resolved, of those that are known from others. */
  #guess(book: ProjectBook, context: BudgetContext): Applying {
    const accounts = [...book.accounts.values()].filter((known) => isOf(known, context)).map(({ account }) => account);
    return accounts.length === 0 ? { status: 'unknown' } : { status: 'known', accounts };
  }

  /** Whether to wait for a fresh answer. */
  #isDue(book: ProjectBook): boolean {
    return this.#nowMs() - book.answeredMs > freshMs && !this.#isAway(book);
  }

  #isAway({ failedMs, answeredMs }: ProjectBook): boolean {
    return failedMs > answeredMs && this.#nowMs() - failedMs < askAgainMs;
  }
}

/** Of accounts that no definition declares. */
export const noDeclarer: Declarer = { agent: null, declared: [] };

/** Of teams and cost centres only the server knows whose they are. */
function isOf({ account, declared, agent: declarer }: KnownAccount, context: BudgetContext): boolean {
  const { scope, labelKey, value } = account;
  if (scope === 'project') return true;
  if (declared.length > 0 && declarer !== context.agent) return false;
  if (scope === 'label') return labelKey !== null && context.labels[labelKey] === value;
  if (scope !== 'agent' && scope !== 'user' && scope !== 'session') return false;
  return value !== null && context[scope] === value;
}

function nameOf({ agent, user, session, labels, declared }: BudgetContext): string {
  return JSON.stringify([agent, user, session, labels, declared]);
}

function dropOldest(map: Map<string, unknown>, max: number): void {
  for (const [key] of map) {
    if (map.size <= max) return;
    map.delete(key);
  }
}
