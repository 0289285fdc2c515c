import type { Pause } from './pause.ts';
import type { Entry, Session, Turn, TurnEnd, TurnState } from './record.ts';

/** A string of a reply; what is not there is null. */
export type Reply = string | null;

/** Of the script `find`. */
export function readSession(reply: unknown): Session | undefined {
  const [json, expires, , , paused = null] = reply as [string?, string?, number?, string?, Reply?];
  if (json === undefined) return undefined;
  return {
    ...(JSON.parse(json) as Session),
    expiresMs: Number(expires),
    ...(paused !== null && { paused: JSON.parse(paused) as Pause }),
  };
}

/** Of `readTurn` in the scripts: number, id, state, times, key, hash, input, end, claims, count, then the entries. */
export function readTurn(sessionId: string, reply: unknown): Turn | undefined {
  const [number, id, state, accepted, started, key, hash, input, end, claims, count, ...entries] = reply as Reply[];
  if (number === undefined) return undefined;
  if (!id || !state || !hash || !input) throw damaged(sessionId, `turn ${number}`);
  if (entries.length !== Number(count ?? 0)) throw damaged(sessionId, `an entry of turn ${number}`);
  return {
    id,
    sessionId,
    number: Number(number),
    state: state as TurnState,
    acceptedMs: Number(accepted),
    startedMs: (started ?? null) === null ? null : Number(started),
    idempotencyKey: key ?? null,
    contentHash: hash,
    input: JSON.parse(input) as Turn['input'],
    entries: entries.map((entry) => {
      if (entry === null) throw damaged(sessionId, `an entry of turn ${number}`);
      return JSON.parse(entry) as Entry;
    }),
    end: JSON.parse(end ?? 'null') as TurnEnd | null,
    claims: Number(claims ?? 0),
  };
}

/** Of the script `list`: the number of the last turn, and the hashes of turns and entries. */
export function readTurns(sessionId: string, reply: unknown): Turn[] {
  const [last, turnFields, entryFields] = reply as [Reply, string[], string[]];
  const turns = pairs(turnFields);
  const entries = pairs(entryFields);
  return Array.from({ length: Number(last ?? 0) }, (_, index) => {
    const number = String(index + 1);
    const field = (name: string) => turns.get(`${number}:${name}`) ?? null;
    const head = ['id', 'state', 'accepted', 'started', 'key', 'hash', 'input', 'end', 'claims', 'count'].map(field);
    const own = Array.from({ length: Number(field('count') ?? 0) }, (_, at) => entries.get(`${number}:${at}`) ?? null);
    const turn = readTurn(sessionId, [number, ...head, ...own]);
    if (turn === undefined) throw damaged(sessionId, `turn ${number}`);
    return turn;
  });
}

/** Redis lost a part of it, as it does when its memory is full and it may evict: never shown as if nothing had been said. */
export function damaged(sessionId: string, what: string): Error {
  return new Error(`session ${sessionId} is damaged: ${what} is gone from Redis`);
}

function pairs(flat: readonly string[]): Map<string, string> {
  const map = new Map<string, string>();
  for (let index = 0; index + 1 < flat.length; index += 2) map.set(flat[index] ?? '', flat[index + 1] ?? '');
  return map;
}
