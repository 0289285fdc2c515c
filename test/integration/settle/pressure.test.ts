import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDatabase, newProjectId, type OwnDatabase, startDatabase } from '../../support/database.ts';
import { fixtureWriter, spanIdOf, traceIdOf } from '../server/fixtures.ts';
import { readLedger, settlerOf } from './settle-fixture.ts';

const call = {
  ...{ usage_scope: 'call', has_usage: true, input_tokens: 1000n, output_tokens: 100n, kind: 'llm' },
  ...{ provider: 'openai', request_model: 'gpt-4o-mini' },
} as const;
const ticks = 5;

describe('settlement beside a collector whose queue fills up', () => {
  let database: OwnDatabase;
  let client: ReturnType<typeof connectDatabase>;
  beforeAll(async () => {
    database = await startDatabase();
    client = connectDatabase(database);
  });
  afterAll(async () => {
    await client.close();
    await database.stop();
  });

  /** What a collector says of itself, `agoSeconds` ago; a negative number keeps the word fresh for so long. */
  async function say(queuedShare: number, { agoSeconds = -60, collector = 'a', hasEnded = false } = {}): Promise<void> {
    await client.command({
      query: `INSERT INTO ingest_collectors (collector, seen_at, queued_bytes, queue_limit_bytes, has_ended)
        SELECT {collector:String}, now64(3) - toIntervalSecond({agoSeconds:Int32}), {queued:UInt64}, 1000, {hasEnded:Bool}`,
      query_params: { collector, agoSeconds, queued: Math.round(1000 * queuedShare), hasEnded },
    });
  }

  it('rests, and books all of it when the queue is empty', async () => {
    const projectId = newProjectId();
    const settlement = settlerOf(database);
    await say(0.5);
    for (let round = 0; round < ticks; round += 1) {
      await fixtureWriter(database, projectId).spans({
        traceId: traceIdOf(`b${round}`),
        spanId: spanIdOf(1),
        columns: call,
      });
      await settlement.settler.tick();
    }
    expect(await readLedger(settlement.db, projectId)).toEqual([]);
    await say(0.01, { agoSeconds: -61 });
    await settlement.settleAll();
    expect(await readLedger(settlement.db, projectId)).toHaveLength(ticks);
    await settlement.close();
  });

  it('catches up window by window, however much arrived in a second', async () => {
    const projectId = newProjectId();
    const settlement = settlerOf(database, { fastRowsMax: 2, verifiedLagMs: 3_600_000 });
    await say(0.5, { agoSeconds: -62 });
    for (let span = 0; span < ticks; span += 1) {
      const traceId = traceIdOf(`d${span}`);
      await fixtureWriter(database, projectId).spans({ traceId, spanId: spanIdOf(1), columns: call });
      await settlement.settler.tick();
    }
    await say(0.01, { agoSeconds: -63 });
    await expect
      .poll(async () => {
        await settlement.settler.tick();
        return readLedger(settlement.db, projectId);
      })
      .toHaveLength(ticks);
    await settlement.close();
  });

  it('rests for so long at most', async () => {
    const projectId = newProjectId();
    const settlement = settlerOf(database, { restMaxMs: 500 });
    await say(0.5, { agoSeconds: -64 });
    await fixtureWriter(database, projectId).spans({ traceId: traceIdOf('c1'), spanId: spanIdOf(1), columns: call });
    await settlement.settleAll();
    expect(await readLedger(settlement.db, projectId)).toHaveLength(1);
    await settlement.close();
  });

  it('does not rest where more waits than can be booked in a minute', async () => {
    const projectId = newProjectId();
    const settlement = settlerOf(database, { restMaxMs: 3_600_000, restRowsMax: 2 });
    await say(0.5, { agoSeconds: -64 });
    const arrive = (traceId: string) =>
      fixtureWriter(database, projectId).spans({ traceId: traceIdOf(traceId), spanId: spanIdOf(1), columns: call });
    await arrive('e1');
    await settlement.settler.tick();
    expect(await readLedger(settlement.db, projectId)).toEqual([]);
    for (const traceId of ['e2', 'e3']) await arrive(traceId);
    await settlement.settleAll();
    expect(await readLedger(settlement.db, projectId)).toHaveLength(3);
    await settlement.close();
  });

  it.each([
    ['said so long ago', { agoSeconds: 11 }],
    ['has ended', { hasEnded: true }],
  ])('does not rest for a collector that %s', async (_, word) => {
    const projectId = newProjectId();
    const settlement = settlerOf(database, { restMaxMs: 3_600_000 });
    await say(0, { agoSeconds: -65 });
    await say(0.9, { collector: 'b', ...word });
    await fixtureWriter(database, projectId).spans({ traceId: traceIdOf('c2'), spanId: spanIdOf(1), columns: call });
    await settlement.settleAll();
    expect(await readLedger(settlement.db, projectId)).toHaveLength(1);
    await client.command({ query: `TRUNCATE TABLE ingest_collectors` });
    await settlement.close();
  });
});
