import { randomInt, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { connect, type Inserter } from '../../../collector/write/clickhouse.ts';
import { rowEncoder } from '../../../migrations/row-binary.ts';
import { spanColumns, spanEventColumns, type SpanEventRow, type SpanRow, tables } from '../../../migrations/schema.ts';
import { mapCaptureRows } from '../../support/capture-rows.ts';
import { type Capture, loadCaptures } from '../../support/captures.ts';
import type { TestDatabase } from '../../support/database.ts';

export interface Batch {
  spans: SpanRow[];
  events: SpanEventRow[];
}

const encodeSpans = rowEncoder(spanColumns);
const encodeEvents = rowEncoder(spanEventColumns);

/** Of two captures that were answered under the same response ids, within minutes, only one: their calls would be the same. */
export function mixedCaptures(): Capture[] {
  return loadCaptures('otel-openai-', 'openinference-').filter(
    ({ id }) => id !== 'openinference-anthropic-tools-cache',
  );
}

/** What the captures' SDKs sent, and every call once more as another instrumentation in a trace of its own saw it. */
export function captureBatch(projectId: string): Batch {
  const rows = mixedCaptures().map((capture) => mapCaptureRows(capture, projectId));
  const spans = rows.flatMap((of) => of.spans);
  return { spans: [...spans, ...spans.map(asSeenElsewhere)], events: rows.flatMap((of) => of.events) };
}

/** Some response ids, no sessions. */
function asSeenElsewhere(row: SpanRow): SpanRow {
  return {
    ...row,
    trace_id: row.trace_id.map((byte) => byte ^ 0xff),
    scope_name: `${row.scope_name} again`,
    session_id: '',
    response_id: (row.span_id[0] ?? 0) % 2 === 0 ? row.response_id : '',
  };
}

/** Every row once or twice, in any order, in `count` batches: by seed always the same. */
export function shuffle({ spans, events }: Batch, { seed, count }: { seed: number; count: number }): Batch[] {
  const size = spans.length + events.length;
  const places = fc.array(fc.nat(count - 1), { minLength: 1, maxLength: 2 });
  const [plan] = fc.sample(fc.array(places, { minLength: size, maxLength: size }), { seed, numRuns: 1 });
  const batches: Batch[] = Array.from({ length: count }, () => ({ spans: [], events: [] }));
  const put = (place: number, add: (batch: Batch) => void) => {
    for (const batch of plan?.[place] ?? []) add(batches[batch] ?? { spans: [], events: [] });
  };
  for (const [place, row] of spans.entries()) put(place, (batch) => batch.spans.push(row));
  for (const [place, row] of events.entries()) put(spans.length + place, (batch) => batch.events.push(row));
  return batches.filter((batch) => batch.spans.length + batch.events.length > 0);
}

/** Give the seed of a failed run in the environment to see its schedules again. */
export function scheduleSeed(): number {
  const seed = Number(process.env['SETTLE_SEED'] ?? randomInt(2 ** 31 - 1));
  console.log(`SETTLE_SEED=${seed}`);
  return seed;
}

/** Writes batches the way the collector does. */
export function batchWriter(database: TestDatabase) {
  const inserter = connect(database);
  return {
    async write({ spans, events }: Batch): Promise<void> {
      await insert(inserter, {
        table: tables.spans,
        columns: spanColumns,
        format: 'RowBinary',
        data: [encodeSpans(spans)],
      });
      await insert(inserter, {
        table: tables.spanEvents,
        columns: spanEventColumns,
        format: 'RowBinary',
        data: [encodeEvents(events)],
      });
    },
    close: () => inserter.close(),
  };
}

async function insert(inserter: Inserter, request: Omit<Parameters<Inserter['insert']>[0], 'token'>): Promise<void> {
  if (request.data.every(({ length }) => length === 0)) return;
  const outcome = await inserter.insert({ ...request, token: randomUUID() });
  if (outcome.status !== 'stored') throw outcome.error;
}
