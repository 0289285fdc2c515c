import { tables } from '../../migrations/schema.ts';
import type { Db } from './db.ts';

/** States of one answer: all groups of all rules of a project fit. */
const statesMax = 50_000;

export interface StoredState {
  ruleId: string;
  groupKey: string;
  body: ShownBody;
  evaluatedToMs: number;
}

/** What is kept of a group to be shown. */
export interface ShownBody {
  state: 'ok' | 'pending' | 'firing' | 'resolved' | 'no_data';
  severity: 'warning' | 'critical' | null;
  value: number | null;
  sinceMs: number;
  /** Of the whole rule, in the row of its group key `*`: how it was read. */
  groupCount?: number;
  omittedGroups?: number;
  failure?: string | null;
}

/** Every group of a project's rules, by rule and group, as the latest tick left it. */
export async function listStates(db: Db, projectId: string): Promise<StoredState[]> {
  const rows = await db.rows<{ ruleId: string; groupKey: string; bodyText: string; evaluatedToMs: string }>(
    `SELECT rule_id AS ruleId, group_key AS groupKey, argMax(body, tick) AS bodyText,
       toUnixTimestamp64Milli(argMax(evaluated_to, tick)) AS evaluatedToMs, argMax(is_deleted, tick) AS isDeleted
     FROM ${tables.alertStates}
     WHERE project_id = {projectId:String}
     GROUP BY ruleId, groupKey
     HAVING isDeleted = 0
     ORDER BY ruleId, groupKey
     LIMIT {limit:UInt32}`,
    { projectId, limit: statesMax },
  );
  return rows.map(({ ruleId, groupKey, bodyText, evaluatedToMs }) => ({
    ...{ ruleId, groupKey, evaluatedToMs: Number(evaluatedToMs) },
    body: JSON.parse(bodyText) as ShownBody,
  }));
}

/** Groups that are shown, of all projects: those that are not evaluated any more are taken away. */
export async function listShownGroups(db: Db): Promise<{ projectId: string; ruleId: string; groupKey: string }[]> {
  return db.rows(
    `SELECT project_id AS projectId, rule_id AS ruleId, group_key AS groupKey
     FROM ${tables.alertStates}
     GROUP BY projectId, ruleId, groupKey
     HAVING argMax(is_deleted, tick) = 0
     ORDER BY projectId, ruleId, groupKey
     LIMIT {limit:UInt32}`,
    { limit: statesMax },
  );
}
