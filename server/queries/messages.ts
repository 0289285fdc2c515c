import { tables } from '../../migrations/schema.ts';
import type { Db } from './db.ts';

/** Hashes bound to one query. */
const hashesPerQuery = 5_000;

/** Where the messages of a span or log record are stored. */
export interface Conversation {
  projectId: string;
  /** Monday of the span's start, `YYYY-MM-DD`. */
  week: string;
  /** The span's session id, else its trace id in hex. */
  conversation: string;
}

/** The bodies of some messages of one conversation, by hex hash; those not stored are left out. Reads one key range. */
export async function readMessages(
  db: Db,
  { projectId, week, conversation }: Conversation,
  hashes: readonly string[],
): Promise<Map<string, string>> {
  const bodies = new Map<string, string>();
  const distinct = [...new Set(hashes)];
  for (let start = 0; start < distinct.length; start += hashesPerQuery) {
    const chunk = distinct.slice(start, start + hashesPerQuery);
    const rows = await db.rows<{ messageHash: string; body: string }>(
      `SELECT lower(hex(hash)) AS messageHash, body FROM ${tables.messages}
       WHERE project_id = {projectId:String} AND week = {week:Date} AND conversation = {conversation:String}
         AND hash IN (SELECT toFixedString(unhex(arrayJoin({hashes:Array(String)})), 16))
       LIMIT 1 BY hash
       LIMIT {limit:UInt32}`,
      { projectId, week, conversation, hashes: chunk, limit: chunk.length },
    );
    for (const row of rows) bodies.set(row.messageHash, row.body);
  }
  return bodies;
}
