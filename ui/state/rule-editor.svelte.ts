import {
  type AlertRule,
  type AlertRuleInput,
  type BackTestReply,
  backtestRule,
  listRules,
  saveRule,
} from '../api/alerts.ts';
import { beginActivity } from '../api/activity.ts';
import { type Channel, listChannels } from '../api/channels.ts';
import { type ApiFailure, isAborted, toFailure } from '../api/client.ts';
import { listLabelKeys } from '../api/labels.ts';
import { getFacets } from '../api/traces.ts';

/** While somebody types nothing is asked. */
const quietMs = 350;
/** How far back a rule is tried. */
export const backtestDays = 14;

/** What the editor begins with: the rule of an address, and who may be told. */
export class RuleSource {
  /** Null until it is there; of a new rule for good. */
  rule: AlertRule | null = $state.raw(null);
  channels: readonly Channel[] | null = $state.raw(null);
  /** The project has no rule of this id. */
  isMissing = $state(false);
  failure: ApiFailure | null = $state.raw(null);
  /** How often it was loaded: what was typed is given up by loading it again. */
  loads = $state(0);
  #controller = new AbortController();

  async load(project: string, ruleId: string | null): Promise<void> {
    this.#controller.abort();
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    this.failure = null;
    try {
      const [channels, rules] = await Promise.all([
        listChannels(project, signal),
        ruleId === null ? null : listRules(project, signal),
      ]);
      this.rule = rules?.rules.find((one) => one.ruleId === ruleId) ?? null;
      this.isMissing = ruleId !== null && this.rule === null;
      this.channels = channels.channels;
      this.loads += 1;
    } catch (error) {
      if (!isAborted(error)) this.failure = toFailure(error);
    }
  }

  /** Throws `ApiFailure`. */
  async save(project: string, input: AlertRuleInput): Promise<void> {
    await saveRule(project, input, this.rule);
  }

  stop(): void {
    this.#controller.abort();
  }
}

/** Values that filters may have, the commonest first: offered while typing. Without them any value can be typed. */
export class FilterValues {
  values: ReadonlyMap<string, readonly string[]> = $state.raw(new Map());
  #controller = new AbortController();

  async load(project: string): Promise<void> {
    const { signal } = this.#controller;
    const from = new Date(Date.now() - backtestDays * 86_400_000).toISOString();
    try {
      const [{ facets }, { labels }] = await Promise.all([
        getFacets({ project, from }, signal),
        listLabelKeys({ project, from }, signal),
      ]);
      this.values = new Map<string, readonly string[]>([
        ...facets.map(({ name, values }) => [name, values.map(({ value }) => value)] as const),
        ['label', labels.map(({ key }) => key)],
      ]);
    } catch {
      // Suggestions only; what fails otherwise says so itself.
    }
  }

  stop(): void {
    this.#controller.abort();
  }
}

/** When the rule of a form would have fired: asked a moment after the last change, the last answer stays meanwhile. */
export class Backtest {
  /** Null until there is an answer. */
  reply: BackTestReply | null = $state.raw(null);
  /** The rule that the answer is of. */
  rule: AlertRuleInput | null = $state.raw(null);
  failure: ApiFailure | null = $state.raw(null);
  /** Another answer than the one shown is on its way. */
  loading = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #endWait: (() => void) | undefined;
  #controller = new AbortController();

  /** Tries a rule; null where the form says nothing that can be tried: the last answer stays. */
  try(project: string, rule: AlertRuleInput | null): void {
    this.stop();
    if (rule === null) return;
    this.loading = true;
    this.#endWait = beginActivity();
    // The first answer is waited for by nobody who types.
    this.#timer = setTimeout(() => void this.#ask(project, rule), this.reply === null ? 0 : quietMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#controller.abort();
    this.#endWait?.();
    this.#endWait = undefined;
    this.loading = false;
  }

  async #ask(project: string, rule: AlertRuleInput): Promise<void> {
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    try {
      this.reply = await backtestRule({ project, rule, days: backtestDays }, signal);
      this.rule = rule;
      this.failure = null;
    } catch (error) {
      if (isAborted(error)) return;
      this.failure = toFailure(error);
    }
    this.loading = false;
    this.#endWait?.();
    this.#endWait = undefined;
  }
}
