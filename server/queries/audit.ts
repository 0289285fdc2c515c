import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { tables } from '../../migrations/schema.ts';
import type { Db, DbConnection } from './db.ts';

const insertTimeoutMs = 20_000;

/** Something that somebody did to a project, kept for who asks later. */
export interface AuditEntry {
  projectId: string;
  /** Who: `command` for the command line, `api` for a request in local mode, else the id of a key. */
  actor: string;
  /** What: `resettlement.started`. */
  action: string;
  targetType: string;
  targetId: string;
  /** JSON; never prompts, payloads or keys. */
  details: object;
}

/** Writes what is kept of actions. Returns when it is stored, and throws when it is not. */
export class AuditWriter {
  readonly #client: ReturnType<typeof createClient>;

  constructor({ url, secret }: DbConnection) {
    this.#client = createClient({
      url,
      request_timeout: insertTimeoutMs,
      application: 'sightglass-audit',
      log: { level: ClickHouseLogLevel.OFF },
      ...(secret === undefined ? {} : { http_headers: { 'x-sightglass-secret': secret } }),
    });
  }

  async write({ projectId, actor, action, targetType, targetId, details }: AuditEntry): Promise<void> {
    await this.#client.insert({
      table: tables.audit,
      columns: ['project_id', 'actor', 'action', 'target_type', 'target_id', 'details'],
      values: [
        {
          ...{ project_id: projectId, actor, action, target_type: targetType, target_id: targetId },
          details: JSON.stringify(details),
        },
      ],
      format: 'JSONEachRow',
    });
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}

/** An entry as it was written, and when. */
export interface StoredAuditEntry extends Omit<AuditEntry, 'details'> {
  timeMs: number;
  details: unknown;
}

/** What was done to targets of one type, newest first. */
export async function listAudit(
  db: Db,
  question: { projectId: string; targetType: string; targetId: string | undefined; limit: number },
): Promise<StoredAuditEntry[]> {
  const rows = await db.rows<{
    projectId: string;
    actorName: string;
    actionName: string;
    targetType: string;
    targetId: string;
    timeMs: string;
    detailsJson: string;
  }>(
    `SELECT project_id AS projectId, actor AS actorName, action AS actionName, target_type AS targetType,
       target_id AS targetId, toUnixTimestamp64Milli(time) AS timeMs, details AS detailsJson
     FROM ${tables.audit}
     WHERE project_id = {projectId:String} AND target_type = {targetType:String}
       AND ({targetId:String} = '' OR target_id = {targetId:String})
     ORDER BY time DESC LIMIT {limit:UInt32}`,
    { ...question, targetId: question.targetId ?? '' },
  );
  return rows.map(({ actorName, actionName, timeMs, detailsJson, ...row }) => ({
    ...row,
    ...{ actor: actorName, action: actionName, timeMs: Number(timeMs) },
    details: JSON.parse(detailsJson) as unknown,
  }));
}
