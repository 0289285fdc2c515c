import { expect, it } from 'vitest';
import { RejectLog } from '../../../../collector/numbers/reject-log.ts';
import { NumbersSaving } from '../../../../collector/numbers/save-numbers.ts';
import type { Sender } from '../../../../collector/numbers/sender-names.ts';
import { Tally } from '../../../../collector/numbers/tally.ts';
import type { InsertOutcome } from '../../../../collector/write/clickhouse.ts';
import type { WriteStatus } from '../../../../collector/write/write-stats.ts';

const sender: Sender = { project: 'p', service: 's', client: 'c', signal: 'traces', protocol: 'grpc' };
const status: WriteStatus = {
  ...{ circuit: 'closed', queuedBytes: 0, queueLimitBytes: 1, spoolRecords: 0, spoolBytes: 0, spoolLimitBytes: 1 },
  ...{ spoolOldestMs: undefined, deadLetterBytes: 0, deadLetterLimitBytes: 1 },
};

function startSaving(answer: () => InsertOutcome) {
  const tally = new Tally();
  const inserts: { table: string; token: string; bytes: number }[] = [];
  const saving = new NumbersSaving({
    inserter: {
      insert: ({ table, token, data }) => {
        inserts.push({ table, token, bytes: data.reduce((sum, { length }) => sum + length, 0) });
        return Promise.resolve(answer());
      },
    },
    ...{ tally, rejectLog: new RejectLog(), status: () => status },
    identity: { collector: 'host:4318', version: '1', startedMs: 0 },
    nowMs: () => 60_000,
    everyMs: 1_000_000,
  });
  return { tally, inserts, saving };
}

it('writes once what was counted, and nothing while nothing comes', async () => {
  const { tally, inserts, saving } = startSaving(() => ({ status: 'stored' }));
  tally.add(sender, { what: 'stored', count: 1, nowMs: 60_000 });
  await saving.save();
  expect(inserts.map(({ table }) => table)).toEqual(['ingest_counts', 'ingest_collectors']);
  await saving.save();
  await saving.save();
  expect(inserts).toHaveLength(2);
  await saving.end();
  expect(inserts.map(({ table }) => table).slice(2)).toEqual(['ingest_collectors']);
});

it.each(['retryable', 'lost'] as const)(
  'repeats under its token what was answered %s, then writes what came since',
  async (how) => {
    let outcome: InsertOutcome = { status: how, error: new Error('away') };
    const { tally, inserts, saving } = startSaving(() => outcome);
    tally.add(sender, { what: 'stored', count: 1, nowMs: 60_000 });
    await saving.save();
    tally.add(sender, { what: 'stored', count: 2, nowMs: 60_000 });
    await saving.save();
    expect(inserts).toHaveLength(2);
    expect(inserts[1]).toEqual(inserts[0]);
    outcome = { status: 'stored' };
    await saving.save();
    expect(tally.take()).toHaveLength(1);
    expect(inserts.slice(2).map(({ token }) => token === inserts[0]?.token)).toEqual([true, false]);
    await saving.end();
  },
);
