import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { tables } from '../../migrations/schema.ts';
import { ApiError } from '../contract/errors.ts';
import { AuditWriter } from './audit.ts';
import { type ConfigurationKey, type ConfigurationObject, findLatest } from './configuration.ts';
import { connectDb, type Db, type DbConnection } from './db.ts';

const insertTimeoutMs = 20_000;
/** Rivals for the next version of one object: each attempt one of them wins. */
const attemptsMax = 5;

export interface ConfigurationChange extends ConfigurationKey {
  /** Any JSON, by the schema of the object's type. */
  body: object;
  /** Who: `api`, or the id of a key. */
  author: string;
  /** What the writer has seen; 0: there must be none yet. Left out: whatever is there is replaced. */
  expectedVersion?: number | undefined;
  /** For the audit, beside the version; never secrets. */
  details?: object | undefined;
}

/**
 * Writes the next version of an object, and what was done into the audit. A version is written once: its number is the
 * deduplication token, and who reads back another body has lost to a rival.
 */
export class ConfigurationWriter {
  readonly #client: ReturnType<typeof createClient>;
  readonly #db: Db;
  readonly #audit: AuditWriter;

  constructor(connection: DbConnection) {
    const { url, secret } = connection;
    this.#client = createClient({
      url,
      request_timeout: insertTimeoutMs,
      application: 'sightglass-configuration',
      log: { level: ClickHouseLogLevel.OFF },
      ...(secret === undefined ? {} : { http_headers: { 'x-sightglass-secret': secret } }),
    });
    this.#db = connectDb(connection);
    this.#audit = new AuditWriter(connection);
  }

  /** Returns when it is stored, as it is stored. Throws `changed_meanwhile`. */
  async write(change: ConfigurationChange): Promise<ConfigurationObject> {
    const { expectedVersion, details, ...content } = change;
    const stored = await this.#store({ ...content, isDeleted: false }, expectedVersion);
    const action = stored.isNew ? 'created' : 'changed';
    await this.#note(action, change, { version: stored.object.version, ...details });
    return stored.object;
  }

  /** False: there was none. Throws `changed_meanwhile`. */
  async remove(removal: Omit<ConfigurationChange, 'body'>): Promise<boolean> {
    const { expectedVersion, details, ...content } = removal;
    const latest = await findLatest(this.#db, removal);
    if (latest === undefined || latest.isDeleted) return false;
    const stored = await this.#store({ ...content, body: {}, isDeleted: true }, expectedVersion);
    await this.#note('removed', removal, { version: stored.object.version, ...details });
    return true;
  }

  async close(): Promise<void> {
    await Promise.all([this.#client.close(), this.#db.close(), this.#audit.close()]);
  }

  async #store(
    change: Omit<ConfigurationChange, 'expectedVersion' | 'details'> & { isDeleted: boolean },
    expectedVersion: number | undefined,
  ): Promise<{ object: ConfigurationObject; isNew: boolean }> {
    const { author, isDeleted } = change;
    const bodyText = JSON.stringify(change.body);
    let last = 0;
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const before = await findLatest(this.#db, change);
      const seen = before === undefined || before.isDeleted ? 0 : before.object.version;
      if (expectedVersion !== undefined && seen !== expectedVersion) throw changedMeanwhile(change);
      // A number whose token is known although its row was lost with a crash is passed over.
      last = Math.max(last, before?.object.version ?? 0) + 1;
      await this.#insert({ ...change, bodyText, version: last });
      const after = await findLatest(this.#db, change);
      const isStored = after?.object.version === last && after.bodyText === bodyText;
      if (isStored && after.object.author === author && after.isDeleted === isDeleted) {
        return { object: after.object, isNew: seen === 0 };
      }
    }
    throw changedMeanwhile(change);
  }

  async #insert(row: ConfigurationKey & { bodyText: string; author: string; version: number; isDeleted: boolean }) {
    const { objectType, projectId, objectId, version, bodyText, author, isDeleted } = row;
    await this.#client.insert({
      table: tables.configuration,
      columns: ['object_type', 'project_id', 'object_id', 'version', 'body', 'author', 'is_deleted'],
      values: [
        {
          ...{ object_type: objectType, project_id: projectId, object_id: objectId, version, author, body: bodyText },
          is_deleted: isDeleted ? 1 : 0,
        },
      ],
      format: 'JSONEachRow',
      clickhouse_settings: {
        async_insert: 0,
        insert_deduplication_token: [objectType, projectId, objectId, version].join(':'),
      },
    });
  }

  async #note(
    action: string,
    { objectType, projectId, objectId, author }: ConfigurationKey & { author: string },
    details: object,
  ): Promise<void> {
    const target = { targetType: objectType, targetId: objectId };
    await this.#audit.write({ projectId, actor: author, action: `${objectType}.${action}`, ...target, details });
  }
}

function changedMeanwhile({ objectType, objectId }: ConfigurationKey): ApiError {
  const message = `${objectType} ${objectId} was changed meanwhile; read it again and repeat the change`;
  return new ApiError('changed_meanwhile', message);
}
