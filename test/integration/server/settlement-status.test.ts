import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDb, type Db } from '../../../server/queries/db.ts';
import { findVerifiedTo, getSettlementStatus } from '../../../server/queries/settlement-status.ts';
import { type OwnDatabase, startDatabase } from '../../support/database.ts';
import { spanIdOf, traceIdOf } from './fixtures.ts';
import { ledgerWriter } from './ledger-fixtures.ts';

/** Passes and cursors belong to the whole database: this test has one of its own. */
describe('the state of settlement', () => {
  let database: OwnDatabase;
  let db: Db;
  let write: ReturnType<typeof ledgerWriter>;

  beforeAll(async () => {
    database = await startDatabase();
    db = connectDb(database);
    write = ledgerWriter(database, 'p');
  });
  afterAll(async () => {
    await Promise.all([db.close(), write.close()]);
    await database.stop();
  });

  it('is unknown before the first pass, then the furthest of each shard and the last of all shards', async () => {
    expect(await getSettlementStatus(db)).toEqual({
      verifiedTo: null,
      lagMs: null,
      lastPass: null,
      lastBookedAt: null,
    });
    expect(await findVerifiedTo(db)).toBeNull();

    const verifiedToMs = Date.now() - 100_000;
    await write.verifyTo(verifiedToMs - 5_000);
    await write.verifyTo(verifiedToMs);
    await write.verifyTo(verifiedToMs + 50_000, { shard: 1 });
    await write.book({ traceId: traceIdOf('a1'), spanId: spanIdOf(1), costUsd: '1', pass: 41 });
    await write.book({ traceId: traceIdOf('a2'), spanId: spanIdOf(2), costUsd: '1', pass: 42, columns: { shard: 1 } });
    await write.book({ traceId: traceIdOf('a3'), spanId: spanIdOf(3), costUsd: '1', pass: 7 });

    const status = await getSettlementStatus(db);
    expect(status).toMatchObject({ verifiedTo: `${verifiedToMs}000000`, lastPass: '42' });
    expect(status.lagMs).toBeGreaterThanOrEqual(100_000);
    expect(status.lagMs).toBeLessThan(160_000);
    expect(Math.abs(Number(BigInt(status.lastBookedAt ?? 0) / 1_000_000n) - Date.now())).toBeLessThan(60_000);
    expect(await findVerifiedTo(db)).toBe(`${verifiedToMs}000000`);
  });
});
