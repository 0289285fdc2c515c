import { tables } from '../../migrations/schema.ts';
import type { AlertFilters } from '../contract/alert-rules.ts';
import type { AlertCause, AlertChange } from '../contract/alerts.ts';
import type { MsWindow } from '../domain/alerts/alert-window.ts';
import { filterConditions, sourceOf } from './alert-sources.ts';
import type { Db } from './db.ts';
import type { OwnerMatcher } from '../domain/owners/owner-rule.ts';
import { ownerColumns } from './owner-sql.ts';

/** What causes are measured by. */
export type CauseMeasure = 'cost' | 'unpriced' | 'tokens' | 'failed runs' | 'failed tools' | 'slow runs' | 'slow calls';

export interface CauseRequest {
  projectId: string;
  measure: CauseMeasure;
  filters: AlertFilters;
  /** The group it is about: an expression's name as in rules, and its value. */
  group: { name: string; value: string } | undefined;
  window: MsWindow;
  /** The window before it. */
  before: MsWindow;
  owners: readonly OwnerMatcher[] | undefined;
}

const causesMax = 3;
const perDimensionMax = 3;
const changesMax = 3;
/** An agent's revision or model is new when it was not seen for so long before. */
const lookbackMs = 7 * 24 * 3_600_000;

interface Amount {
  from: 'ledger' | 'runs' | 'tool calls' | 'model calls';
  sum: (condition: string) => string;
  unit: AlertCause['unit'];
  dimensions: readonly string[];
  /** Of a sum more is worse by what it grew; of a duration by what it is. */
  isSum: boolean;
}

const sumIf = (column: string) => (condition: string) => `sumIf(${column}, ${condition})`;
const p95 = (duration: string) => (condition: string) =>
  `ifNotFinite(quantileIf(0.95)(${duration} / 1e6, ${condition}), 0)`;
const failures = (condition: string) => `countIf(status = 'error' AND ${condition})`;
const ofLedger = ['agent', 'model', 'user', 'session'] as const;
const amounts: Readonly<Record<CauseMeasure, Amount>> = {
  cost: { from: 'ledger', sum: sumIf('cost_usd'), unit: 'usd', dimensions: ofLedger, isSum: true },
  unpriced: { from: 'ledger', sum: sumIf('unpriced_calls'), unit: 'count', dimensions: ofLedger, isSum: true },
  tokens: { from: 'ledger', sum: sumIf('input_tokens'), unit: 'tokens', dimensions: ofLedger, isSum: true },
  'failed runs': { from: 'runs', sum: failures, unit: 'count', dimensions: ['agent', 'user', 'session'], isSum: true },
  'failed tools': {
    ...{ from: 'tool calls', sum: failures, unit: 'count', isSum: true },
    dimensions: ['tool', 'agent', 'user', 'session'],
  },
  'slow runs': {
    ...{ from: 'runs', unit: 'ms', dimensions: ['agent', 'user'], isSum: false },
    sum: p95('(toUnixTimestamp64Nano(end_time) - toUnixTimestamp64Nano(start_time))'),
  },
  'slow calls': {
    ...{ from: 'model calls', unit: 'ms', dimensions: ['model', 'agent', 'user'], isSum: false },
    sum: p95('duration_ns'),
  },
};

interface CauseRow {
  dimensionName: string;
  dimensionValue: string;
  amountNow: string;
  amountBefore: string;
}

/** Agents, models, users, sessions or tools that grew most against the window before, the first three; one SELECT. */
export async function findCauses(db: Db, request: CauseRequest): Promise<AlertCause[]> {
  const { projectId, measure, filters, group, window, before } = request;
  const owners = request.owners === undefined ? undefined : ownerColumns(request.owners);
  const amount = amounts[measure];
  const source = sourceOf(amount.from, owners, { needsTrace: true, isNet: false });
  const narrowed = filterConditions(filters, { measure: amount.from, source });
  const dimensions = amount.dimensions.filter((name) => name !== group?.name && !(name in filters));
  if (dimensions.length === 0) return [];
  const pairs = dimensions.map((name) => `('${name}', toString(${source.column(name)}))`).join(', ');
  const groupName = group === undefined ? undefined : group.name.startsWith('label:') ? 'label' : group.name;
  const isNow = `${source.time} >= fromUnixTimestamp64Milli({nowFromMs:Int64}, 'UTC')`;
  const rows = await db.rows<CauseRow>(
    `SELECT pair.1 AS dimensionName, pair.2 AS dimensionValue,
       toString(${amount.sum(isNow)}) AS amountNow, toString(${amount.sum(`NOT (${isNow})`)}) AS amountBefore
     FROM (
       SELECT *, arrayJoin([${pairs}]) AS pair
       FROM ${source.from}
       WHERE ${[
         ...(source.hasProject ? ['project_id = {projectId:String}'] : []),
         `${source.time} >= fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC')`,
         `${source.time} < fromUnixTimestamp64Milli({toMs:Int64}, 'UTC')`,
         ...(amount.from === 'ledger' ? ['counted'] : []),
         ...narrowed.conditions,
         ...(groupName === undefined ? [] : [`${source.column(groupName)} = {groupValue:String}`]),
       ].join(' AND ')}
     )
     WHERE dimensionValue != ''
     GROUP BY dimensionName, dimensionValue
     ORDER BY ${amount.isSum ? 'toFloat64(amountNow) - toFloat64(amountBefore)' : 'toFloat64(amountNow)'} DESC, dimensionName, dimensionValue
     LIMIT {perDimensionMax:UInt32} BY dimensionName
     LIMIT {limit:UInt32}`,
    {
      ...{ projectId, fromMs: before.fromMs, toMs: window.toMs, nowFromMs: window.fromMs, perDimensionMax },
      limit: perDimensionMax * amount.dimensions.length,
      groupValue: group?.value ?? '',
      groupLabel: group?.name.startsWith('label:') === true ? group.name.slice('label:'.length) : '',
      ...(owners?.params ?? {}),
      ...narrowed.parameters,
    },
  );
  return rows
    .map((row) => toCause(row, amount.unit))
    .filter(({ amount: now }) => now > 0)
    .slice(0, causesMax);
}

function toCause(row: CauseRow, unit: AlertCause['unit']): AlertCause {
  const [now, before] = [Number(row.amountNow), Number(row.amountBefore)];
  return {
    ...{ dimension: row.dimensionName, value: row.dimensionValue, amount: now, unit },
    change: before > 0 ? Number(((now - before) / before).toFixed(3)) : null,
  };
}

interface ChangeRow {
  agent: string;
  changeName: AlertChange['what'];
  valueFrom: string;
  valueTo: string;
  atMs: string;
}

/** Revisions and models that agents began to use in this window, and did not use in the week before; the latest first. */
export async function findChanges(
  db: Db,
  { projectId, agent, window }: { projectId: string; agent: string | undefined; window: MsWindow },
): Promise<AlertChange[]> {
  const rows = await db.rows<ChangeRow>(
    `SELECT agent, changeName, valueTo, toUnixTimestamp64Milli(firstAt) AS atMs, valueFrom
     FROM (
       SELECT agent_name AS agent, pair.1 AS changeName, pair.2 AS valueTo,
         toDateTime64(min(start_time), 3, 'UTC') AS firstAt,
         last_value(valueTo) OVER earlier AS valueFrom, count() OVER earlier AS earlierCount
       FROM (
         SELECT agent_name, start_time, arrayJoin([('agent revision', toString(agent_version)), ('model', toString(model))]) AS pair
         FROM ${tables.ledger}
         WHERE project_id = {projectId:String} AND counted AND agent_name != ''
           AND ({agent:String} = '' OR agent_name = {agent:String})
           AND start_time >= fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC')
           AND start_time < fromUnixTimestamp64Milli({toMs:Int64}, 'UTC')
       )
       WHERE pair.2 != ''
       GROUP BY agent, changeName, valueTo
       WINDOW earlier AS (PARTITION BY agent, changeName ORDER BY firstAt ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
     )
     WHERE firstAt >= fromUnixTimestamp64Milli({windowFromMs:Int64}, 'UTC') AND earlierCount > 0
     ORDER BY firstAt DESC, agent, changeName, valueTo
     LIMIT {limit:UInt32}`,
    {
      ...{ projectId, agent: agent ?? '', windowFromMs: window.fromMs, toMs: window.toMs },
      ...{ fromMs: window.fromMs - lookbackMs, limit: changesMax },
    },
  );
  return rows.map((row) => ({
    ...{ what: row.changeName, agent: row.agent, to: row.valueTo, atMs: Number(row.atMs) },
    from: row.valueFrom === '' ? null : row.valueFrom,
  }));
}
