import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { tables } from '../../migrations/schema.ts';
import type { DbConnection } from './db.ts';
import type { Projection } from './doctor-rollups.ts';
import type { FuturePasses } from './doctor-summaries.ts';
import type { CopiedRow, CopiedTable, DayOfProject } from './doctor-spans.ts';
import { ofDay } from './doctor-spans.ts';
import { insertTimeoutMs } from './settlement-writer.ts';

/** Ids of one insert: they travel in the address of the request. */
const copyChunk = 500;
/** A projection of a large ledger is built for as long as this. */
const rebuildTimeoutMs = 3_600_000;

/** What only a repair does to the database. Every method returns when it is done, and throws when it is not. */
export class DoctorWriter {
  readonly #client: ReturnType<typeof createClient>;

  constructor({ url, secret }: DbConnection) {
    this.#client = createClient({
      url,
      request_timeout: rebuildTimeoutMs,
      application: 'sightglass-doctor',
      log: { level: ClickHouseLogLevel.OFF },
      ...(secret === undefined ? {} : { http_headers: { 'x-sightglass-secret': secret } }),
    });
  }

  /** Writes the copies of some rows of a day by the view's own SELECT, as if they had arrived now. */
  async copyRows(table: CopiedTable, day: DayOfProject, rows: readonly CopiedRow[]): Promise<void> {
    const select = await this.#readView(table.view);
    const columns = await this.#readColumns(table.copy);
    const values = columns.map((name) => (name === 'ingested_at' ? 'now64(3)' : name));
    const rank = table.rank.replace(/^\(|\)$/g, '').split(', ');
    for (let at = 0; at < rows.length; at += copyChunk) {
      const chunk = rows.slice(at, at + copyChunk);
      await this.#client.command({
        query: `INSERT INTO ${table.copy} (${columns.join(', ')})
          SELECT ${values.join(', ')} FROM (
            SELECT * FROM (${select})
            WHERE ${ofDay(table.time)} AND (${table.ids.join(', ')}) IN (${idsSql(table)})
            ORDER BY ${rank.map((column) => `${column} DESC`).join(', ')} LIMIT 1 BY ${table.ids.join(', ')})`,
        query_params: {
          ...day,
          traceIds: chunk.map(({ traceId }) => traceId),
          spanIds: chunk.map(({ spanId }) => spanId),
          eventIds: chunk.map(({ eventId }) => eventId),
        },
        clickhouse_settings: { insert_deduplicate: 0, max_execution_time: insertTimeoutMs / 1000 },
      });
    }
  }

  /** Builds a projection of the ledger anew from its rows, in every part. */
  async rebuildProjection(name: Projection): Promise<void> {
    for (const verb of ['CLEAR', 'MATERIALIZE']) {
      await this.#client.command({
        query: `ALTER TABLE ${tables.ledger} ${verb} PROJECTION ${name}`,
        clickhouse_settings: { mutations_sync: '2', max_execution_time: rebuildTimeoutMs / 1000 },
      });
    }
  }

  /** Deletes rows of a summary table that no pass can have written. */
  async deletePasses({ table, firstPass, lastPass }: FuturePasses): Promise<void> {
    await this.#client.command({
      query: `ALTER TABLE ${table} DELETE WHERE pass >= {firstPass:UInt64} AND pass <= {lastPass:UInt64}`,
      query_params: { firstPass, lastPass },
      clickhouse_settings: { mutations_sync: '2', max_execution_time: rebuildTimeoutMs / 1000 },
    });
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #readView(view: string): Promise<string> {
    const reply = await this.#client.query({
      query: 'SELECT as_select FROM system.tables WHERE database = currentDatabase() AND name = {view:String} LIMIT 1',
      query_params: { view },
      format: 'JSONEachRow',
    });
    const [row] = await reply.json<{ as_select: string }>();
    if (row === undefined) throw new Error(`the view ${view} is missing: nothing that arrives is settled`);
    return row.as_select;
  }

  async #readColumns(table: string): Promise<string[]> {
    const reply = await this.#client.query({
      query: `SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {table:String}
        ORDER BY position LIMIT 1000`,
      query_params: { table },
      format: 'JSONEachRow',
    });
    return (await reply.json<{ name: string }>()).map(({ name }) => name);
  }
}

function idsSql({ ids }: CopiedTable): string {
  const hasEvents = ids.includes('event_id');
  return `SELECT toFixedString(unhex(id.1), 16), toFixedString(unhex(id.2), 8)${hasEvents ? ', toFixedString(unhex(id.3), 16)' : ''}
          FROM (SELECT arrayJoin(arrayZip({traceIds:Array(String)}, {spanIds:Array(String)}, {eventIds:Array(String)})) AS id)`;
}
