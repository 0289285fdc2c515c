import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { tables } from '../../migrations/schema.ts';
import type { AlertEvent } from '../contract/alerts.ts';
import { groupKeyOf } from '../domain/alerts/rule-series.ts';
import type { DbConnection } from './db.ts';

/** Both sides give up an insert after this long. */
export const alertInsertTimeoutMs = 20_000;

export interface TickStamp {
  tick: number;
  /** 0: there was none. */
  afterTick: number;
  owner: string;
  evaluatedToMs: number;
}

/** How a group is shown. */
export interface ShownState {
  projectId: string;
  ruleId: string;
  groupKey: string;
  state: string;
  /** JSON. */
  body: string;
  isDeleted: boolean;
}

/** Writes what alerting decided. Every method throws when ClickHouse did not say that the rows are stored. */
export class AlertWriter {
  readonly #client: ReturnType<typeof createClient>;

  constructor({ url, secret }: DbConnection) {
    this.#client = createClient({
      url,
      request_timeout: alertInsertTimeoutMs,
      application: 'sightglass-alerts',
      log: { level: ClickHouseLogLevel.OFF }, // errors are thrown, and logged where they are handled
      ...(secret === undefined ? {} : { http_headers: { 'x-sightglass-secret': secret } }),
      clickhouse_settings: { async_insert: 0, max_execution_time: alertInsertTimeoutMs / 1_000 },
    });
  }

  /**
   * Of several successors of one tick ClickHouse stores the first: they have one token. The caller reads back whose it was.
   * `attempt` is another number where the token is known without a row, which a crash can leave.
   */
  async writeTick({ tick, afterTick, owner, evaluatedToMs }: TickStamp, body: string, attempt: number): Promise<void> {
    const row = {
      tick,
      after_tick: afterTick,
      owner,
      evaluated_to: dateTime(evaluatedToMs),
      has_body: body !== '',
      body,
    };
    await this.#insert(tables.alertTicks, [row], `alerts:${String(afterTick)}:${String(attempt)}`);
  }

  /** May be repeated: an event is read once. */
  async writeEvents(tick: number, events: readonly AlertEvent[]): Promise<void> {
    if (events.length === 0) return;
    const rows = events.map((event) => ({
      ...{ project_id: event.projectId, event_id: event.eventId, at: dateTime(event.atMs), tick },
      ...{ source: event.source, object_id: event.ruleId ?? event.budgetId ?? '', group_key: groupKeyOf(event.group) },
      ...{ to_state: event.to, body: JSON.stringify(event) },
    }));
    await this.#insert(tables.alertEvents, rows);
  }

  async writeStates({ tick, evaluatedToMs }: TickStamp, states: readonly ShownState[]): Promise<void> {
    if (states.length === 0) return;
    const rows = states.map(({ projectId, ruleId, groupKey, state, body, isDeleted }) => ({
      ...{ project_id: projectId, rule_id: ruleId, group_key: groupKey, state, body, tick },
      ...{ evaluated_to: dateTime(evaluatedToMs), is_deleted: isDeleted ? 1 : 0 },
    }));
    await this.#insert(tables.alertStates, rows);
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #insert(table: string, rows: readonly object[], token?: string): Promise<void> {
    await this.#client.insert({
      table,
      values: rows,
      columns: Object.keys(rows[0] ?? {}) as [string, ...string[]],
      format: 'JSONEachRow',
      clickhouse_settings: token === undefined ? { insert_deduplicate: 0 } : { insert_deduplication_token: token },
    });
  }
}

function dateTime(ms: number): string {
  return new Date(ms).toISOString().slice(0, 23).replace('T', ' ');
}
