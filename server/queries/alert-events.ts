import { tables } from '../../migrations/schema.ts';
import { type AlertEvent, alertEvent } from '../contract/alerts.ts';
import { groupKeyOf } from '../domain/alerts/rule-series.ts';
import type { MsWindow } from '../domain/alerts/alert-window.ts';
import { unixNanoOfMs } from '../domain/time.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { Db } from './db.ts';

export interface EventListRequest {
  projectId: string;
  window: MsWindow;
  event?: string | undefined;
  rule?: string | undefined;
  budget?: string | undefined;
  group?: string | undefined;
  state?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

const sort = '-alertEvents';
const idLength = 32;

interface EventRow {
  eventId: string;
  atMs: string;
  bodyText: string;
}

/** The newest first; one event by its id at any time. */
export async function listEvents(
  db: Db,
  request: EventListRequest,
): Promise<{ events: AlertEvent[]; nextCursor: string | null }> {
  const { projectId, event, rule, budget, group, state, limit } = request;
  const start = request.cursor === undefined ? undefined : decodeCursor(request.cursor, { sort, idLength });
  const window = start === undefined ? request.window : { fromMs: msOf(start.from), toMs: msOf(start.to) };
  const conditions = [
    'project_id = {projectId:String}',
    ...(event === undefined
      ? ["at >= fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC')", "at < fromUnixTimestamp64Milli({toMs:Int64}, 'UTC')"]
      : ['event_id = {event:String}']),
    ...(rule === undefined ? [] : ["source = 'rule'", 'object_id = {rule:String}']),
    ...(budget === undefined ? [] : ["source = 'budget'", 'object_id = {budget:String}']),
    ...(group === undefined ? [] : ['group_key = {groupKey:String}']),
    ...(state === undefined ? [] : ['to_state = {state:String}']),
    ...(start === undefined
      ? []
      : ["(at, event_id) < (fromUnixTimestamp64Milli({lastMs:Int64}, 'UTC'), {lastId:String})"]),
  ];
  const rows = await db.rows<EventRow>(
    `SELECT event_id AS eventId, toUnixTimestamp64Milli(at) AS atMs, body AS bodyText
     FROM ${tables.alertEvents}
     WHERE ${conditions.join(' AND ')}
     ORDER BY at DESC, event_id DESC
     LIMIT 1 BY event_id
     LIMIT {limit:UInt32}`,
    {
      ...{ projectId, ...window, limit: limit + 1, event: event ?? '', rule: rule ?? '', budget: budget ?? '' },
      ...{ groupKey: group === undefined ? '' : groupKeyOf(group), state: state ?? '' },
      ...{ lastMs: start === undefined ? 0 : msOf(start.start), lastId: start?.id ?? '' },
    },
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    // Of another release there may be rows that this one cannot show.
    events: page.flatMap(({ bodyText }) => alertEvent.safeParse(JSON.parse(bodyText)).data ?? []),
    nextCursor:
      rows.length <= limit || last === undefined
        ? null
        : encodeCursor({
            ...{ sort, from: nsOf(window.fromMs), to: nsOf(window.toMs), value: '0' },
            ...{ start: nsOf(Number(last.atMs)), id: last.eventId },
          }),
  };
}

/** Of these ids those that are stored. */
export async function listStoredEvents(db: Db, eventIds: readonly string[]): Promise<Set<string>> {
  if (eventIds.length === 0) return new Set();
  const rows = await db.rows<{ eventId: string }>(
    `SELECT DISTINCT event_id AS eventId FROM ${tables.alertEvents}
     WHERE event_id IN {eventIds:Array(String)}
     LIMIT {limit:UInt32}`,
    { eventIds, limit: eventIds.length },
  );
  return new Set(rows.map(({ eventId }) => eventId));
}

/** When each rule of a project last began to fire. */
export async function listLastFirings(db: Db, projectId: string): Promise<Map<string, number>> {
  const rows = await db.rows<{ ruleId: string; lastMs: string }>(
    `SELECT object_id AS ruleId, toUnixTimestamp64Milli(max(at)) AS lastMs
     FROM ${tables.alertEvents}
     WHERE project_id = {projectId:String} AND source = 'rule' AND to_state = 'firing'
     GROUP BY ruleId
     LIMIT {limit:UInt32}`,
    { projectId, limit: 10_000 },
  );
  return new Map(rows.map(({ ruleId, lastMs }) => [ruleId, Number(lastMs)]));
}

function msOf(ns: string): number {
  return Number(BigInt(ns) / 1_000_000n);
}

function nsOf(ms: number): string {
  return String(unixNanoOfMs(ms));
}
