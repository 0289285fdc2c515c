import type { OnWriteEvent, WriteEvent, WriteStatus } from '../write/write-stats.ts';
import type { Metrics } from './metrics.ts';
import type { Sender } from './sender-names.ts';
import type { Counted, Tally } from './tally.ts';

/** Whom counts belong to that are no sender's: what was replayed from the spool came from many. */
const everybody: Sender = { project: '', service: '', client: '', signal: 'traces', protocol: 'http' };

export interface WriteNumbersDeps {
  metrics: Metrics;
  tally: Tally;
  nowMs: () => number;
}

/** Counts what the writing half tells of itself. */
export function countWrites({ metrics, tally, nowMs }: WriteNumbersDeps): OnWriteEvent {
  const add = (what: Counted, count: number, detail = '') => {
    tally.add(everybody, { what, detail, count, nowMs: nowMs() });
  };
  const count: { [Type in WriteEvent['type']]: (event: Extract<WriteEvent, { type: Type }>) => void } = {
    stored: ({ source, rows, bytes, seconds }) => {
      metrics.batchRows.observe({ source }, rows);
      metrics.batchBytes.observe({ source }, bytes);
      metrics.insertSeconds.observe({ source }, seconds);
    },
    retried: ({ source, table, outcome }) => {
      metrics.retries.inc({ source, table, outcome });
    },
    failed: ({ source, code = '' }) => {
      metrics.failures.inc({ source, code });
    },
    spooled: ({ bodies, bytes, seconds }) => {
      metrics.spooledBodies.inc(bodies);
      metrics.spooledBytes.inc(bytes);
      metrics.spoolSeconds.observe(seconds);
    },
    spool_refused: ({ bodies, reason }) => {
      metrics.spoolRefused.inc({ reason }, bodies);
    },
    replayed: ({ bodies, rows }) => {
      metrics.replayedBodies.inc(bodies);
      metrics.replayedItems.inc(rows);
      add('replayed', rows);
    },
    spool_damaged: ({ bytes }) => {
      metrics.spoolDamaged.inc(bytes);
    },
    dead_letter: ({ source, rows, kept }) => {
      metrics.deadLetters.inc({ source, kept: String(kept) }, rows);
      add('dead_letters', rows, kept ? 'kept' : 'lost');
    },
    circuit: () => undefined, // the gauge asks for it
  };
  return (event) => {
    (count[event.type] as (event: WriteEvent) => void)(event);
  };
}

/** Sets the gauges to what is held at this moment. */
export function setGauges(metrics: Metrics, status: WriteStatus, held: Held): void {
  const { receivingBytes, repeatedMessages, nowMs } = held;
  metrics.repeatedMessages.reset();
  metrics.repeatedMessages.inc(repeatedMessages);
  for (const state of ['closed', 'open', 'probing'] as const) {
    metrics.circuitState.set({ state }, status.circuit === state ? 1 : 0);
  }
  metrics.queuedBytes.set(status.queuedBytes);
  metrics.queueLimitBytes.set(status.queueLimitBytes);
  metrics.receivingBytes.set(receivingBytes);
  metrics.spoolRecords.set(status.spoolRecords);
  metrics.spoolBytes.set(status.spoolBytes);
  metrics.spoolLimitBytes.set(status.spoolLimitBytes);
  metrics.spoolOldestSeconds.set(status.spoolOldestMs === undefined ? 0 : (nowMs - status.spoolOldestMs) / 1000);
  metrics.deadLetterBytes.set(status.deadLetterBytes);
}

interface Held {
  receivingBytes: number;
  /** Since the start. */
  repeatedMessages: number;
  nowMs: number;
}
