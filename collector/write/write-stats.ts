/** `closed`: ClickHouse takes inserts. `open`: it did not; bodies go to the spool. `probing`: one insert finds out. */
export type CircuitState = 'closed' | 'open' | 'probing';

/** Where rows came from: a sender that waits, or the spool. */
export type WriteSource = 'live' | 'replay';

/** What happens on the way from a body to a row, as it happens: for counters and histograms. Never payloads. */
export type WriteEvent =
  /** A batch is durable in ClickHouse. `bytes` are those of its bodies; `seconds` is the time of its inserts, retries included. */
  | { type: 'stored'; source: WriteSource; bodies: number; rows: number; bytes: number; seconds: number }
  /** An insert failed or was not answered, and is sent again. */
  | { type: 'retried'; source: WriteSource; table: string; outcome: 'retryable' | 'lost' }
  /** A batch was given up for now; `code` is ClickHouse's, where it gave one. */
  | { type: 'failed'; source: WriteSource; code: string | undefined }
  /** Bodies are durable in the spool. */
  | { type: 'spooled'; bodies: number; bytes: number; seconds: number }
  /** The spool took nothing: it has its bytes, the disk is full, or it cannot be written. */
  | { type: 'spool_refused'; bodies: number; reason: 'full' | 'unwritable' }
  /** Bodies of the spool are done with: their rows are stored, or dead letters. */
  | { type: 'replayed'; bodies: number; rows: number; bytes: number }
  /** A record of the spool could not be read and was kept aside. */
  | { type: 'spool_damaged'; bytes: number }
  /** Rows that ClickHouse refuses; `kept` is false where there was no room for the letter. */
  | { type: 'dead_letter'; source: WriteSource; rows: number; reason: string; kept: boolean }
  | { type: 'circuit'; state: CircuitState };

export type OnWriteEvent = (event: WriteEvent) => void;

/** What the writing half holds at this moment: for gauges. */
export interface WriteStatus {
  circuit: CircuitState;
  /** In memory, waiting or being inserted, and the limit above which requests are answered 429. */
  queuedBytes: number;
  queueLimitBytes: number;
  /** On disk, as it lies there; the limit above which requests are answered 503 while ClickHouse is away. */
  spoolRecords: number;
  spoolBytes: number;
  spoolLimitBytes: number;
  /** When the oldest body of the spool was received, in milliseconds since 1970; undefined while it is empty. */
  spoolOldestMs: number | undefined;
  deadLetterBytes: number;
  deadLetterLimitBytes: number;
}
