import {
  type AlertState,
  type AlertStatesReply,
  type ListedRule,
  acknowledgeState,
  deleteRule,
  listRules,
  listStates,
  saveRule,
  silenceState,
} from '../api/alerts.ts';
import { type ApiFailure, toFailure } from '../api/client.ts';
import { type Channel, listChannels } from '../api/channels.ts';
import { QueryPage } from './query-page.svelte.ts';
import type { Router } from './router.svelte.ts';
import { toRuleInput } from './rule-input.ts';

/** Rules are looked at every 30 s; what a colleague acknowledged is seen soon after. */
export const alertsFollowMs = 5_000;

/** All that these pages are asked for is whose alerts they are. */
interface AlertsQuery {
  project: string;
}

/** The rules of a project and what they say now, of one moment. */
export interface AlertsView {
  query: AlertsQuery;
  now: AlertStatesReply;
  rules: readonly ListedRule[];
  channels: readonly Channel[];
}

/** What fires, the rules, and what is done about either. */
export class AlertsPage extends QueryPage<AlertsQuery, AlertsView> {
  /** Why the last action did not happen. */
  actionFailure: ApiFailure | null = $state.raw(null);

  constructor(router: Router) {
    super(router, (params) => ({ query: { project: params.get('project') ?? 'default' }, problems: [] }));
  }

  /** Resolves with whether it happened; then the page shows it. */
  acknowledge(target: Pick<AlertState, 'ruleId' | 'group'>): Promise<boolean> {
    return this.#act(() => acknowledgeState(this.query.project, target));
  }

  /** No messages for so many minutes; 0 ends it. */
  silence(target: Pick<AlertState, 'ruleId' | 'group'>, minutes: number): Promise<boolean> {
    return this.#act(() => silenceState(this.query.project, target, minutes));
  }

  /** Switches a rule on or off. */
  enable(rule: ListedRule, isEnabled: boolean): Promise<boolean> {
    return this.#act(() => saveRule(this.query.project, { ...toRuleInput(rule), isEnabled }, rule));
  }

  remove(rule: ListedRule): Promise<boolean> {
    return this.#act(() => deleteRule(this.query.project, rule.ruleId));
  }

  protected async readView(query: AlertsQuery, signal: AbortSignal): Promise<AlertsView> {
    const { project } = query;
    const [now, { rules }, { channels }] = await Promise.all([
      listStates(project, signal),
      listRules(project, signal),
      listChannels(project, signal),
    ]);
    return { query, now, rules, channels };
  }

  async #act(run: () => Promise<unknown>): Promise<boolean> {
    try {
      await run();
      this.actionFailure = null;
    } catch (error) {
      this.actionFailure = toFailure(error);
      return false;
    }
    await this.load();
    return true;
  }
}
