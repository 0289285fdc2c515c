import { randomUUID } from 'node:crypto';
import type { ResettlementOutcome } from '../contract/resettlements.ts';
import { loadPriceBook } from '../load-price-book.ts';
import { AuditWriter } from '../queries/audit.ts';
import { connectDb, type DbConnection } from '../queries/db.ts';
import { SettlementWriter } from '../queries/settlement-writer.ts';
import { PassWriter } from '../settle/write-pass.ts';
import { describeResult } from './outcome.ts';
import type { ResettlementRequest } from './request.ts';
import { resettle, type ResettlementProgress } from './resettle.ts';

/** A read may go over a whole day of a large project. */
const queryTimeoutMs = 600_000;
const shard = 0;
export const auditTarget = 'resettlement';

export interface ResettlementJob {
  id: string;
  /** Who asks: `command`, `api`, or the id of a key. */
  actor: string;
  request: ResettlementRequest;
  pricesFile: string | undefined;
  onProgress: (progress: ResettlementProgress) => void;
  isStopped?: (() => boolean) | undefined;
}

/**
 * Runs one re-settlement to its end. One that writes is kept in the audit: when it starts, and how it ended. Rejects when it
 * failed; what was written until then stays, is right, and is found again by a repetition.
 */
export async function runResettlement(connection: DbConnection, job: ResettlementJob): Promise<ResettlementOutcome> {
  const db = connectDb({ ...connection, queryTimeoutMs });
  const writer = new SettlementWriter(connection);
  const audit = new AuditWriter(connection);
  const book = loadPriceBook(job.pricesFile);
  const { projectId, fromNs, toNs, commit } = job.request;
  const about = { from: String(fromNs), to: String(toNs), priceVersion: book.version, startedMs: Date.now() };
  const note = async (action: string, more: object = {}) => {
    if (!commit) return;
    const entry = { projectId, actor: job.actor, targetType: auditTarget, targetId: job.id };
    await audit.write({ ...entry, action: `resettlement.${action}`, details: { ...about, ...more } });
  };
  const passes = new PassWriter({
    ...{ db, writer, shard },
    owner: `resettlement-${randomUUID()}`,
    monotonicMs: () => performance.now(),
  });
  try {
    await note('started');
    const isStopped = job.isStopped ?? (() => false);
    const result = await resettle({ db, book, passes, progress: job.onProgress, isStopped }, job.request);
    const outcome = describeResult(result);
    await note('done', { result: outcome });
    return outcome;
  } catch (error) {
    await note('failed', { error: error instanceof Error ? error.message : String(error) }).catch(() => undefined);
    throw error;
  } finally {
    await Promise.all([db.close(), writer.close(), audit.close()]);
  }
}
