import type { RequestListener } from '../receive/visitor.ts';
import type { Inserter } from '../write/clickhouse.ts';
import type { OnWriteEvent, WriteStatus } from '../write/write-stats.ts';
import { IngestNumbers } from './ingest-numbers.ts';
import { createMetrics } from './metrics.ts';
import type { CollectorIdentity } from './number-rows.ts';
import { RejectLog } from './reject-log.ts';
import { NumbersSaving } from './save-numbers.ts';
import { Tally } from './tally.ts';
import { countWrites, setGauges } from './write-numbers.ts';

export interface CollectorNumbersDeps {
  identity: CollectorIdentity;
  nowMs: () => number;
}

/** What the numbers are read from; there when the parts that count are. */
export interface NumberSources {
  inserter: Pick<Inserter, 'insert'>;
  writeStatus: () => WriteStatus;
  receivingBytes: () => number;
  repeatedMessages: () => number;
  /** By default 5 s. */
  saveEveryMs?: number | undefined;
}

/** The collector's own numbers. */
export interface CollectorNumbers {
  listener: RequestListener;
  onWriteEvent: OnWriteEvent;
  /** Begins to save them, and answers `/metrics`. */
  publish: (sources: NumberSources) => { writeMetrics: () => Promise<string>; saving: NumbersSaving };
}

export function createNumbers({ identity, nowMs }: CollectorNumbersDeps): CollectorNumbers {
  const metrics = createMetrics();
  const tally = new Tally();
  const rejectLog = new RejectLog();
  return {
    listener: listenerOf(new IngestNumbers({ metrics, tally, rejectLog, nowMs })),
    onWriteEvent: countWrites({ metrics, tally, nowMs }),
    publish: ({ inserter, writeStatus, saveEveryMs, ...sources }) => ({
      saving: new NumbersSaving({
        ...{ inserter, tally, rejectLog, identity, nowMs },
        status: writeStatus,
        everyMs: saveEveryMs,
      }),
      writeMetrics: () => {
        const held = { receivingBytes: sources.receivingBytes(), repeatedMessages: sources.repeatedMessages() };
        setGauges(metrics, writeStatus(), { ...held, nowMs: nowMs() });
        return metrics.registry.metrics();
      },
    }),
  };
}

function listenerOf(numbers: IngestNumbers): RequestListener {
  return {
    onHeld: (visitor, held) => {
      numbers.onHeld(visitor, held);
    },
    onRefused: (visitor, refusal) => {
      numbers.onRefused(visitor, refusal);
    },
  };
}
