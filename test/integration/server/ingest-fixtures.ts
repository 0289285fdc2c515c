import { randomUUID } from 'node:crypto';
import { collectorInsert, countsInsert, rejectsInsert } from '../../../collector/numbers/number-rows.ts';
import type { RejectNote } from '../../../collector/numbers/reject-log.ts';
import type { Sender } from '../../../collector/numbers/sender-names.ts';
import { type Counted, Tally } from '../../../collector/numbers/tally.ts';
import { connect, type Insert } from '../../../collector/write/clickhouse.ts';
import type { WriteStatus } from '../../../collector/write/write-stats.ts';
import { rowEncoder } from '../../../migrations/row-binary.ts';
import { tables, tracePlaceColumns } from '../../../migrations/schema.ts';
import type { TestDatabase } from '../../support/database.ts';

const idle: WriteStatus = {
  ...{
    circuit: 'closed',
    queuedBytes: 0,
    queueLimitBytes: 1_000,
    spoolRecords: 0,
    spoolBytes: 0,
    spoolLimitBytes: 1_000,
  },
  ...{ spoolOldestMs: undefined, deadLetterBytes: 0, deadLetterLimitBytes: 1_000 },
};

/** Writes what collectors would save of themselves. */
export function ingestWriter(database: TestDatabase, project: string) {
  const inserter = connect(database);
  const insert = async (one: Insert) => {
    const outcome = await inserter.insert({ ...one, token: randomUUID() });
    if (outcome.status !== 'stored') throw outcome.error;
  };
  const senderOf = (sender: Partial<Sender>): Sender => ({
    ...{ project, service: '', client: 'sdk/1', signal: 'traces', protocol: 'http-protobuf' },
    ...sender,
  });
  return {
    counts: async (
      nowMs: number,
      sender: Partial<Sender>,
      counts: readonly [what: Counted, count: number, detail?: string][],
    ) => {
      const tally = new Tally();
      for (const [what, count, detail = ''] of counts) tally.add(senderOf(sender), { what, count, detail, nowMs });
      await insert(countsInsert(tally.take()));
    },
    reject: async (timeMs: number, note: Partial<RejectNote>) => {
      const blank = { code: 'malformed', message: '', place: '', traceId: '', spanId: '', name: '' };
      await insert(rejectsInsert([{ ...senderOf(note), ...blank, timeMs, ...note }]));
    },
    /** Settlement has seen this trace. */
    place: async (traceId: string, nowMs: number) => {
      const row = {
        ...{ trace_id: Buffer.from(traceId, 'hex'), project_id: project, days: [Math.floor(nowMs / 86_400_000)] },
        ...{ first_ingested_at: BigInt(nowMs), last_ingested_at: BigInt(nowMs), sessions: [] },
      };
      const data = [rowEncoder(tracePlaceColumns)([row])];
      await insert({ table: tables.tracePlaces, columns: tracePlaceColumns, format: 'RowBinary', data });
    },
    collector: async (collector: string, nowMs: number, status: Partial<WriteStatus> & { hasEnded?: boolean } = {}) => {
      const { hasEnded = false, ...more } = status;
      const identity = { collector, version: '1.2.3', startedMs: nowMs - 60_000 };
      await insert(collectorInsert(identity, { ...idle, ...more }, { nowMs, hasEnded }));
    },
    close: () => inserter.close(),
  };
}
