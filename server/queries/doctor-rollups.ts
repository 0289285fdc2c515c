import { tables } from '../../migrations/schema.ts';
import type { Db } from './db.ts';
import { ofProject } from './doctor-facts.ts';

export type Projection = 'by_hour_agent_model' | 'by_day_user_model' | 'by_day_agent_model' | 'last_pass';

/** A roll-up of the ledger: the expressions must be the projection's own, or ClickHouse reads rows. */
export interface Rollup {
  name: Exclude<Projection, 'last_pass'>;
  time: string;
  groups: readonly string[];
}

const byAgent = ['agent_name', 'model'];
export const rollups: readonly Rollup[] = [
  { name: 'by_hour_agent_model', time: 'toStartOfHour(start_time)', groups: byAgent },
  { name: 'by_day_user_model', time: 'toDate(start_time)', groups: ['user_id', 'model'] },
  { name: 'by_day_agent_model', time: 'toDate(start_time)', groups: byAgent },
];
/** What every part of the ledger must have: the roll-ups, and the number of the last pass. */
const projections: readonly Projection[] = [...rollups.map(({ name }) => name), 'last_pass'];

const sums = [
  ...['model_calls', 'input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_write_tokens', 'reasoning_tokens'],
  ...['priced_calls', 'unpriced_calls', 'costed_rows', 'cost_usd', 'reported_cost_usd'],
];
const daysMax = 10_000_000;

/** What a roll-up has of a project and a day. */
export interface RollupDay {
  projectId: string;
  /** `YYYY-MM-DD` */
  day: string;
  modelCalls: string;
  costUsd: string;
  /** Of all groups with all their sums: equal for the same. */
  fingerprint: string;
}

/**
 * A roll-up by project and day. The same SQL asks the projection or the rows: which one, `db` decides by its settings. Groups
 * that sum up to nothing are left out: a part without rows of them has none.
 */
export async function readRollup(db: Db, { time, groups }: Rollup, projectId: string): Promise<RollupDay[]> {
  const keys = ['project_id', time, ...groups];
  return db.rows(
    `SELECT project AS projectId, toString(toDate(at)) AS day, sum(s0) AS modelCalls, toString(sum(s9)) AS costUsd,
       toString(sum(cityHash64(project, at, g0, g1, ${sums.map((_, i) => `s${i}`).join(', ')}))) AS fingerprint
     FROM (
       SELECT ${keys.map((key, i) => `${key} AS ${['project', 'at', 'g0', 'g1'][i] ?? ''}`).join(', ')},
         ${sums.map((column, i) => `sum(${column}) AS s${i}`).join(', ')}
       FROM ${tables.ledger} WHERE ${ofProject}
       GROUP BY ${keys.join(', ')}
     )
     WHERE ${sums.map((_, i) => `s${i} != 0`).join(' OR ')}
     GROUP BY project, day ORDER BY project, day LIMIT {limit:UInt32}`,
    { projectId, limit: daysMax },
  );
}

/** Parts of the ledger that lack a projection: what they hold is summed up row by row, which is right and slow. */
export async function findPartsWithout(db: Db): Promise<{ name: Projection; partCount: number; rowCount: number }[]> {
  const rows = await db.rows<{ name: Projection; partCount: string; rowCount: string }>(
    `SELECT name, count() AS partCount, sum(rows) AS rowCount
     FROM (
       SELECT rows, arrayJoin(arrayFilter(wanted -> NOT has(projections, wanted), {projections:Array(String)})) AS name
       FROM system.parts
       WHERE database = currentDatabase() AND table = {table:String} AND active AND rows > 0
     )
     GROUP BY name ORDER BY name LIMIT {limit:UInt32}`,
    { projections: [...projections], table: tables.ledger, limit: projections.length },
  );
  return rows.map((row) => ({ ...row, partCount: Number(row.partCount), rowCount: Number(row.rowCount) }));
}
