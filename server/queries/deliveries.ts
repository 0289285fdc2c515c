import { tables } from '../../migrations/schema.ts';
import type { DeliveryState } from '../contract/channels.ts';
import type { StoredAttempt, StoredDelivery } from '../domain/alerts/delivery.ts';
import { type Cursor, decodeCursor, encodeCursor } from './cursor.ts';
import type { Db } from './db.ts';

/** A delivery that nobody touched for so long is left alone; one that is tried again and again ends within a day. */
const reachDays = 30;
/** Of one channel at once, so that many messages to one do not keep others waiting. */
const dueOfChannelMax = 8;
const cursorSort = 'deliveries';

export type ListedDelivery = StoredDelivery & { updatedAtMs: number };

/**
 * What may be tried now, the oldest event first: of each channel and series only the first that is not over, so that messages
 * arrive in order. A delivery whose claim has ended is among them; one that another server takes while this looks is not.
 */
export async function listDue(db: Db, { limit }: { limit: number }): Promise<ListedDelivery[]> {
  const keys = await db.rows<DeliveryKey & { lastStep: number }>(
    `SELECT projectId, deliveryId, lastStep FROM (
       SELECT project_id AS projectId, delivery_id AS deliveryId, max(event_at) AS eventAt, max(step) AS lastStep,
         argMax((state, next_at, channel_id, series), step) AS latest
       FROM ${tables.deliveries}
       WHERE (project_id, delivery_id) IN (
         SELECT project_id, delivery_id FROM ${tables.deliveries}
         WHERE updated_at >= now64(3) - toIntervalDay({reachDays:UInt32}) AND ${isOpen('state')}
       )
       GROUP BY projectId, deliveryId
       HAVING ${isOpen('latest.1')}
       ORDER BY eventAt, deliveryId
       LIMIT 1 BY projectId, latest.3, latest.4
     )
     WHERE latest.2 <= now64(3)
     ORDER BY eventAt, deliveryId
     LIMIT {ofChannel:UInt32} BY projectId, latest.3
     LIMIT {limit:UInt32}`,
    { reachDays, ofChannel: dueOfChannelMax, limit },
  );
  const lastSteps = new Map(
    keys.map(({ projectId, deliveryId, lastStep }) => [`${projectId} ${deliveryId}`, lastStep]),
  );
  const found = await readDeliveries(db, keys);
  return found.filter(({ projectId, deliveryId, step }) => lastSteps.get(`${projectId} ${deliveryId}`) === step);
}

/** Earlier steps are there until a merge takes them away: then only what is open is looked at. */
function isOpen(state: string): string {
  return `${state} IN ('pending', 'sending', 'failed')`;
}

/** Undefined: the project has none of this id. */
export async function findDelivery(db: Db, key: DeliveryKey): Promise<ListedDelivery | undefined> {
  const [delivery] = await readDeliveries(db, [key]);
  return delivery;
}

/** Who wrote the latest step, and which it is; undefined: there is none. */
export async function readLatestStep(
  db: Db,
  { projectId, deliveryId }: DeliveryKey,
): Promise<{ step: number; owner: string } | undefined> {
  const [row] = await db.rows<{ step: number; owner: string }>(
    `SELECT step, owner FROM ${tables.deliveries}
     WHERE project_id = {projectId:String} AND delivery_id = {deliveryId:String}
     ORDER BY step DESC LIMIT 1`,
    { projectId, deliveryId },
  );
  return row;
}

export interface DeliverySelection {
  projectId: string;
  channelId: string | undefined;
  eventId: string | undefined;
  state: DeliveryState | undefined;
  limit: number;
  cursor: string | undefined;
}

/** The newest event first. */
export async function listDeliveries(
  db: Db,
  { projectId, channelId = '', eventId = '', state, limit, cursor }: DeliverySelection,
): Promise<{ deliveries: ListedDelivery[]; nextCursor: string | null }> {
  const after = cursor === undefined ? undefined : decodeCursor(cursor, { sort: cursorSort, idLength: 32 });
  const keys = await db.rows<DeliveryKey>(
    `SELECT project_id AS projectId, delivery_id AS deliveryId
     FROM ${tables.deliveries}
     WHERE project_id = {projectId:String}
       AND ({channelId:String} = '' OR channel_id = {channelId:String})
       AND ({eventId:String} = '' OR event_id = {eventId:String})
       AND ({afterId:String} = ''
         OR (event_at, delivery_id) < (fromUnixTimestamp64Milli({afterMs:Int64}, 'UTC'), {afterId:String}))
     GROUP BY projectId, deliveryId
     HAVING {state:String} = '' OR argMax(state, step) = {state:String}
     ORDER BY max(event_at) DESC, deliveryId DESC
     LIMIT {limit:UInt32}`,
    {
      ...{ projectId, channelId, eventId, state: state ?? '', limit: limit + 1 },
      afterMs: after?.start ?? '0',
      afterId: after === undefined ? '' : `msg_${after.id}`,
    },
  );
  const found = await readDeliveries(db, keys.slice(0, limit));
  const newestFirst = found.toSorted((a, b) => b.eventAtMs - a.eventAtMs || (a.deliveryId < b.deliveryId ? 1 : -1));
  const last = keys.length > limit ? newestFirst.at(-1) : undefined;
  return { deliveries: newestFirst, nextCursor: last === undefined ? null : encodeCursor(cursorAfter(last)) };
}

function cursorAfter({ eventAtMs, deliveryId }: StoredDelivery): Cursor {
  const unused = { from: '0', to: '0', value: '0' };
  return { sort: cursorSort, ...unused, start: String(eventAtMs), id: deliveryId.slice('msg_'.length) };
}

interface DeliveryKey {
  projectId: string;
  deliveryId: string;
}

interface DeliveryRow extends Omit<StoredDelivery, 'eventAtMs' | 'nextAtMs' | 'attempts' | 'event'> {
  eventAtMs: string;
  nextAtMs: string;
  updatedAtMs: string;
  attemptsJson: string;
  eventJson: string;
}

/** The latest step of each, the oldest event first. */
async function readDeliveries(db: Db, keys: readonly DeliveryKey[]): Promise<ListedDelivery[]> {
  if (keys.length === 0) return [];
  const rows = await db.rows<DeliveryRow>(
    `SELECT project_id AS projectId, delivery_id AS deliveryId, event_id AS eventId,
       toUnixTimestamp64Milli(event_at) AS eventAtMs, channel_id AS channelId, series, step, state,
       is_posted AS isPosted, tries, toUnixTimestamp64Milli(next_at) AS nextAtMs, owner,
       attempts AS attemptsJson, event AS eventJson, is_test AS isTest,
       toUnixTimestamp64Milli(updated_at) AS updatedAtMs
     FROM ${tables.deliveries}
     WHERE project_id IN {projectIds:Array(String)} AND delivery_id IN {deliveryIds:Array(String)}
     ORDER BY event_at, delivery_id, step DESC
     LIMIT 1 BY event_at, delivery_id
     LIMIT {limit:UInt32}`,
    {
      projectIds: [...new Set(keys.map(({ projectId }) => projectId))],
      deliveryIds: keys.map(({ deliveryId }) => deliveryId),
      limit: keys.length,
    },
  );
  return rows.map(({ attemptsJson, eventJson, eventAtMs, nextAtMs, updatedAtMs, ...row }) => ({
    ...row,
    ...{ eventAtMs: Number(eventAtMs), nextAtMs: Number(nextAtMs), updatedAtMs: Number(updatedAtMs) },
    attempts: JSON.parse(attemptsJson) as StoredAttempt[],
    event: JSON.parse(eventJson) as unknown,
  }));
}
