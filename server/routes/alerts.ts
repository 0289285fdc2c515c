import { createRoute } from '@hono/zod-openapi';
import { backTest } from '../alerts/back-tests.ts';
import { listCurrentStates } from '../alerts/current-states.ts';
import { AlertRules } from '../alerts/rules.ts';
import { alertRuleChange, alertRuleInput } from '../contract/alert-rules.ts';
import {
  acknowledgedReply,
  acknowledgeRequest,
  alertEventsQuery,
  alertEventsReply,
  alertRulePath,
  alertRuleReply,
  alertRulesReply,
  alertsQuery,
  alertStatesReply,
  backTestReply,
  backTestRequest,
  silencedReply,
  silenceRequest,
} from '../contract/alerts.ts';
import { toAlertRule } from '../domain/alerts/stored-rule.ts';
import { unitOf } from '../domain/alerts/metrics.ts';
import { msPerDay } from '../domain/time.ts';
import { listEvents, listLastFirings } from '../queries/alert-events.ts';
import { listRules } from '../queries/alert-rules.ts';
import { listStates } from '../queries/alert-states.ts';
import type { ConfigurationWriter } from '../queries/configuration-writer.ts';
import { limitAlertBody } from './alert-body.ts';
import { createRouter, replies } from './api.ts';

const eventsDefaultDays = 30;

/** Rules, how their groups are, what was told, and what a rule would have told. */
export function alertRoutes({ configuration, now }: { configuration: ConfigurationWriter; now: () => number }) {
  const rules = new AlertRules(configuration);
  return createRouter()
    .openapi(listRoute, async (c) => {
      const { project: projectId } = c.req.valid('query');
      const { db } = c.var;
      const [stored, states, firings] = await Promise.all([
        listRules(db, projectId),
        listStates(db, projectId),
        listLastFirings(db, projectId),
      ]);
      const firing = Map.groupBy(
        states.filter(({ body }) => body.state === 'firing'),
        ({ ruleId }) => ruleId,
      );
      const described = stored.map((rule) => ({
        ...toAlertRule(rule, unitOf(rule.input.metric)),
        lastFiredMs: firings.get(rule.ruleId) ?? null,
        firingGroups: firing.get(rule.ruleId)?.length ?? 0,
      }));
      return c.json({ rules: described.sort((a, b) => (a.name < b.name ? -1 : 1)) }, 200);
    })
    .openapi(createRuleRoute, async (c) => {
      const { project: projectId } = c.req.valid('query');
      const { actor } = c.var.access;
      return c.json({ rule: await rules.create(c.var.db, c.req.valid('json'), { projectId, actor }) }, 200);
    })
    .openapi(changeRoute, async (c) => {
      const { project: projectId } = c.req.valid('query');
      const { version, ...input } = c.req.valid('json');
      const change = { ruleId: c.req.valid('param').ruleId, input, expectedVersion: version };
      const rule = await rules.change(c.var.db, change, { projectId, actor: c.var.access.actor });
      return c.json({ rule }, 200);
    })
    .openapi(removeRoute, async (c) => {
      const { project: projectId } = c.req.valid('query');
      const { actor } = c.var.access;
      return c.json({ rule: await rules.remove(c.var.db, c.req.valid('param').ruleId, { projectId, actor }) }, 200);
    })
    .openapi(backTestRoute, async (c) => {
      const { project: projectId } = c.req.valid('query');
      return c.json(await backTest(c.var.db, { projectId, ...c.req.valid('json'), nowMs: now() }), 200);
    })
    .openapi(statesRoute, async (c) => {
      const { project: projectId } = c.req.valid('query');
      return c.json(await listCurrentStates(c.var.db, { projectId, nowMs: now() }), 200);
    })
    .openapi(acknowledgeRoute, async (c) => {
      const { project: projectId } = c.req.valid('query');
      const { ruleId } = c.req.valid('param');
      const { group } = c.req.valid('json');
      const { actor } = c.var.access;
      const { sinceMs } = await rules.acknowledge(c.var.db, { ruleId, group, nowMs: now() }, { projectId, actor });
      return c.json({ ruleId, group, acknowledgedBy: actor, sinceMs }, 200);
    })
    .openapi(silenceRoute, async (c) => {
      const { project: projectId } = c.req.valid('query');
      const { ruleId } = c.req.valid('param');
      const silence = { ruleId, ...c.req.valid('json'), nowMs: now() };
      const author = { projectId, actor: c.var.access.actor };
      const silencedUntilMs = await rules.silence(c.var.db, silence, author);
      return c.json({ ruleId, group: silence.group, silencedUntilMs }, 200);
    })
    .openapi(eventsRoute, async (c) => {
      const { project: projectId, from, to, ...query } = c.req.valid('query');
      const toMs = to === undefined ? now() : Date.parse(to);
      const fromMs = from === undefined ? toMs - eventsDefaultDays * msPerDay : Date.parse(from);
      return c.json(await listEvents(c.var.db, { projectId, ...query, window: { fromMs, toMs } }), 200);
    });
}

const query = { query: alertsQuery };
const bodyOf = <Schema>(schema: Schema) => ({
  body: { required: true, content: { 'application/json': { schema } } },
});

const listRoute = createRoute({
  method: 'get',
  path: '/alerts/rules',
  tags: ['Alerts'],
  summary: 'Lists alert rules by name, with when they last fired',
  request: query,
  responses: replies(alertRulesReply, 'The rules.'),
});

const createRuleRoute = createRoute({
  method: 'post',
  path: '/alerts/rules',
  tags: ['Alerts'],
  summary: 'Makes an alert rule; it is looked at within half a minute',
  middleware: [limitAlertBody] as const,
  request: { ...query, ...bodyOf(alertRuleInput) },
  responses: replies(alertRuleReply, 'The rule.', ['too_many_alert_rules', 'changed_meanwhile', 'body_too_large']),
});

const changeRoute = createRoute({
  method: 'put',
  path: '/alerts/rules/{ruleId}',
  tags: ['Alerts'],
  summary: 'Changes an alert rule; what fires goes on, unless it measures something else now',
  middleware: [limitAlertBody] as const,
  request: { ...query, params: alertRulePath, ...bodyOf(alertRuleChange) },
  responses: replies(alertRuleReply, 'The rule.', ['alert_rule_not_found', 'changed_meanwhile', 'body_too_large']),
});

const removeRoute = createRoute({
  method: 'delete',
  path: '/alerts/rules/{ruleId}',
  tags: ['Alerts'],
  summary: 'Removes an alert rule; what it told stays in the history',
  request: { ...query, params: alertRulePath },
  responses: replies(alertRuleReply, 'The rule as it was.', ['alert_rule_not_found', 'changed_meanwhile']),
});

const backTestRoute = createRoute({
  method: 'post',
  path: '/alerts/backtest',
  tags: ['Alerts'],
  summary: 'Tells when a rule would have fired in the last days',
  middleware: [limitAlertBody] as const,
  request: { ...query, ...bodyOf(backTestRequest) },
  responses: replies(backTestReply, 'When it would have fired, and its values.', ['body_too_large']),
});

const statesRoute = createRoute({
  method: 'get',
  path: '/alerts/states',
  tags: ['Alerts'],
  summary: 'Tells how every group of every rule is, and how old that is',
  request: query,
  responses: replies(alertStatesReply, 'The states.'),
});

const acknowledgeRoute = createRoute({
  method: 'post',
  path: '/alerts/states/{ruleId}/acknowledge',
  tags: ['Alerts'],
  summary: 'Says that somebody looks after what fires: there are no reminders until it has ended',
  middleware: [limitAlertBody] as const,
  request: { ...query, params: alertRulePath, ...bodyOf(acknowledgeRequest) },
  responses: replies(acknowledgedReply, 'Acknowledged.', [
    'alert_rule_not_found',
    'alert_not_firing',
    'body_too_large',
  ]),
});

const silenceRoute = createRoute({
  method: 'post',
  path: '/alerts/states/{ruleId}/silence',
  tags: ['Alerts'],
  summary: 'Sends nothing of a rule, or of one of its groups, for a while',
  middleware: [limitAlertBody] as const,
  request: { ...query, params: alertRulePath, ...bodyOf(silenceRequest) },
  responses: replies(silencedReply, 'Until when.', ['alert_rule_not_found', 'body_too_large']),
});

const eventsRoute = createRoute({
  method: 'get',
  path: '/alerts/events',
  tags: ['Alerts'],
  summary: 'Lists what was told, the newest first',
  request: { query: alertEventsQuery },
  responses: replies(alertEventsReply, 'The events.', ['invalid_cursor']),
});
