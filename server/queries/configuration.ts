import { tables } from '../../migrations/schema.ts';
import type { Db } from './db.ts';

/** Objects of one type in one answer, of all projects together. */
const objectsListedMax = 20_000;

/** What is configured through the API; keys have queries of their own. */
export const configurationTypes = ['budget', 'rule', 'channel', 'owner', 'silence'] as const;
export type ConfigurationType = (typeof configurationTypes)[number];

/** Names one object. */
export interface ConfigurationKey {
  objectType: ConfigurationType;
  projectId: string;
  objectId: string;
}

/** The latest version of an object. `body` is what was written, parsed; its owner checks it. */
export interface ConfigurationObject {
  projectId: string;
  objectId: string;
  version: number;
  body: unknown;
  author: string;
  updatedAtMs: number;
}

/** By project and id, without those that were removed. Without a project, those of all. */
export async function listObjects(
  db: Db,
  { objectType, projectId }: { objectType: ConfigurationType; projectId?: string | undefined },
): Promise<ConfigurationObject[]> {
  const rows = await db.rows<LatestRow>(
    `${latestSql}
       AND ({isAll:Bool} OR project_id = {projectId:String})
     GROUP BY projectId, objectId
     HAVING isDeleted = 0
     ORDER BY projectId, objectId
     LIMIT {limit:UInt32}`,
    { objectType, isAll: projectId === undefined ? 1 : 0, projectId: projectId ?? '', limit: objectsListedMax },
  );
  return rows.map(toObject);
}

/** Undefined: there is none, or it was removed. */
export async function findObject(db: Db, key: ConfigurationKey): Promise<ConfigurationObject | undefined> {
  const latest = await findLatest(db, key);
  return latest === undefined || latest.isDeleted ? undefined : latest.object;
}

/** Also of an object that was removed: its versions go on. `bodyText` is the body as it is stored. */
export async function findLatest(
  db: Db,
  key: ConfigurationKey,
): Promise<{ object: ConfigurationObject; isDeleted: boolean; bodyText: string } | undefined> {
  const [row] = await db.rows<LatestRow>(
    `${latestSql}
       AND project_id = {projectId:String} AND object_id = {objectId:String}
     GROUP BY projectId, objectId
     LIMIT 1`,
    { ...key },
  );
  if (row === undefined) return undefined;
  return { object: toObject(row), isDeleted: row.isDeleted === 1, bodyText: row.bodyText };
}

interface LatestRow {
  projectId: string;
  objectId: string;
  lastVersion: string;
  bodyText: string;
  lastAuthor: string;
  updatedAtMs: string;
  isDeleted: 0 | 1;
}

const latestSql = `SELECT project_id AS projectId, object_id AS objectId, max(version) AS lastVersion,
       argMax(body, version) AS bodyText, argMax(author, version) AS lastAuthor,
       toUnixTimestamp64Milli(argMax(updated_at, version)) AS updatedAtMs, argMax(is_deleted, version) AS isDeleted
     FROM ${tables.configuration}
     WHERE object_type = {objectType:String}`;

function toObject({ projectId, objectId, lastVersion, bodyText, lastAuthor, updatedAtMs }: LatestRow) {
  return {
    ...{ projectId, objectId, author: lastAuthor },
    version: Number(lastVersion),
    body: JSON.parse(bodyText) as unknown,
    updatedAtMs: Number(updatedAtMs),
  };
}
