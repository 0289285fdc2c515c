import { tables } from '../../migrations/schema.ts';
import type { Db } from './db.ts';

/** Where a message lies. Its hash is known by its first eight bytes, as spans name the user's last message. */
export interface MessagePlace {
  /** Monday of the span's start, `YYYY-MM-DD`. */
  week: string;
  /** The span's session id, else its trace id in hex. */
  conversation: string;
  prefix: bigint;
}

/** The first eight bytes of a hash in hex, as ClickHouse and the collector read them. */
export function prefixOf(hash: string): bigint {
  return Buffer.from(hash.slice(0, 16), 'hex').readBigUInt64LE();
}

/** The bodies of messages in any conversations, by prefix; those not stored (any more) are left out. Reads by key. */
export function readPlacedBodies(
  db: Db,
  projectId: string,
  places: readonly MessagePlace[],
): Promise<Map<bigint, string>> {
  return readPlaced(db, projectId, 'body', places);
}

/** Their roles alone: a history may be long, and its texts longer. */
export function readPlacedRoles(
  db: Db,
  projectId: string,
  places: readonly MessagePlace[],
): Promise<Map<bigint, string>> {
  return readPlaced(db, projectId, 'role', places);
}

async function readPlaced(
  db: Db,
  projectId: string,
  column: 'body' | 'role',
  places: readonly MessagePlace[],
): Promise<Map<bigint, string>> {
  if (places.length === 0) return new Map();
  const conversations = [
    ...new Map(places.map(({ week, conversation }) => [week + conversation, { week, conversation }])).values(),
  ];
  const weeks = conversations.map(({ week }) => week).sort();
  const prefixes = [...new Set(places.map(({ prefix }) => prefix))];
  const rows = await db.rows<{ prefix: string; value: string }>(
    `SELECT reinterpretAsUInt64(substring(hash, 1, 8)) AS prefix, any(${column}) AS value
     FROM ${tables.messages}
     WHERE project_id = {projectId:String}
       AND week >= {firstWeek:Date} AND week <= {lastWeek:Date}
       AND (week, conversation) IN (
         SELECT toDate(place.1), place.2
         FROM (SELECT arrayJoin(arrayZip({weeks:Array(String)}, {conversations:Array(String)})) AS place))
       AND prefix IN (SELECT toUInt64(arrayJoin({prefixes:Array(String)})))
     GROUP BY prefix
     LIMIT {limit:UInt32}`,
    {
      projectId,
      weeks: conversations.map(({ week }) => week),
      conversations: conversations.map(({ conversation }) => conversation),
      prefixes: prefixes.map(String),
      firstWeek: weeks[0] ?? '',
      lastWeek: weeks.at(-1) ?? '',
      limit: prefixes.length,
    },
  );
  return new Map(rows.map((row) => [BigInt(row.prefix), row.value]));
}
