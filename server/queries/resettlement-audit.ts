import type { Resettlement, ResettlementOutcome } from '../contract/resettlements.ts';
import { listAudit, type StoredAuditEntry } from './audit.ts';
import type { Db } from './db.ts';

/** One that started and of which nothing more was heard for so long is not running any more. */
const silentMs = 24 * 3_600_000;
/** Entries of one re-settlement: its start and its end. */
const entriesOfOne = 2;

interface Details {
  from: string;
  to: string;
  priceVersion: string;
  startedMs: number;
  result?: ResettlementOutcome;
  error?: string;
}

/** Re-settlements that wrote, as the audit has them, newest first. */
export async function listResettlements(
  db: Db,
  { projectId, id, limit }: { projectId: string; id: string | undefined; limit: number },
): Promise<Resettlement[]> {
  const entries = await listAudit(db, {
    ...{ projectId, targetId: id, targetType: 'resettlement' },
    limit: limit * entriesOfOne,
  });
  const byId = Map.groupBy(entries, ({ targetId }) => targetId);
  return [...byId].slice(0, limit).map(([targetId, ofOne]) => toResettlement(targetId, ofOne));
}

function toResettlement(id: string, entries: readonly StoredAuditEntry[]): Resettlement {
  const [latest] = entries;
  if (latest === undefined) throw new Error('a group holds at least one entry');
  // Written by this program, under an action of its own.
  const { from, to, priceVersion, startedMs, result, error } = latest.details as Details;
  const isEnded = latest.action !== 'resettlement.started';
  const isLost = !isEnded && Date.now() - latest.timeMs > silentMs;
  return {
    ...{ id, commit: true, from, to, priceVersion, actor: latest.actor },
    status: result !== undefined ? 'done' : isEnded || isLost ? 'failed' : 'running',
    startedAt: nano(startedMs),
    finishedAt: isEnded ? nano(latest.timeMs) : null,
    error: error ?? (isLost ? 'it ended without a word' : null),
    progress: null,
    result: result ?? null,
  };
}

function nano(ms: number): string {
  return String(BigInt(Math.trunc(ms)) * 1_000_000n);
}
