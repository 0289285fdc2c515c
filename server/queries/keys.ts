import { tables } from '../../migrations/schema.ts';
import { everyProject, keyScopes } from '../contract/keys.ts';
import type { KeyUse, StoredKey } from '../domain/keys/stored-key.ts';
import type { Db } from './db.ts';

/** Of a list, and of what a program holds: keys in force first, of the others the latest. */
export const keysListedMax = 10_000;

interface KeyRow {
  keyId: string;
  projectId: string;
  bodyText: string;
}

/** Keys in force first, the newest of each first. With a project only its own; `*` and none are all. */
export async function listKeys(db: Db, projectId: string | undefined = everyProject): Promise<StoredKey[]> {
  const rows = await db.rows<KeyRow>(
    `SELECT object_id AS keyId, project_id AS projectId, argMax(body, version) AS bodyText
     FROM ${tables.configuration}
     WHERE object_type = 'key' AND ({projectId:String} = '${everyProject}' OR project_id = {projectId:String})
     GROUP BY projectId, keyId
     ORDER BY JSONExtractUInt(bodyText, 'revokedMs') > 0, JSONExtractUInt(bodyText, 'createdMs') DESC
     LIMIT {limit:UInt32}`,
    { projectId, limit: keysListedMax },
  );
  return rows.map(toStoredKey);
}

/** Undefined: there is no such key. */
export async function findKey(db: Db, keyId: string): Promise<{ key: StoredKey; version: number } | undefined> {
  const [row] = await db.rows<KeyRow & { lastVersion: string }>(
    `SELECT object_id AS keyId, project_id AS projectId, argMax(body, version) AS bodyText, max(version) AS lastVersion
     FROM ${tables.configuration}
     WHERE object_type = 'key' AND object_id = {keyId:String}
     GROUP BY projectId, keyId
     LIMIT 1`,
    { keyId },
  );
  return row === undefined ? undefined : { key: toStoredKey(row), version: Number(row.lastVersion) };
}

/** What was done with each of these keys; `today` is the UTC day, `2026-11-23`. A key that was never used has no entry. */
export async function listKeyUses(db: Db, keyIds: readonly string[], today: string): Promise<Map<string, KeyUse>> {
  if (keyIds.length === 0) return new Map();
  const rows = await db.rows<{ keyId: string; lastUsedMs: string; spansToday: string }>(
    `SELECT key_id AS keyId, toUnixTimestamp64Milli(max(last_used)) AS lastUsedMs,
       sumIf(spans, day = {today:Date}) AS spansToday
     FROM ${tables.keyUsage}
     WHERE key_id IN {keyIds:Array(String)}
     GROUP BY key_id
     LIMIT {limit:UInt32}`,
    { keyIds, today, limit: keyIds.length },
  );
  return new Map(
    rows.map(({ keyId, lastUsedMs, spansToday }) => [
      keyId,
      { lastUsedMs: Number(lastUsedMs), spansToday: Number(spansToday) },
    ]),
  );
}

/** Written by this program alone; a scope of another release is none. */
function toStoredKey({ keyId, projectId, bodyText }: KeyRow): StoredKey {
  const body = JSON.parse(bodyText) as Omit<StoredKey, 'keyId' | 'projectId'>;
  return { ...body, scopes: keyScopes.filter((scope) => body.scopes.includes(scope)), keyId, projectId };
}
