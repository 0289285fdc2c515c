import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  deliveryColumns,
  ingestCollectorColumns,
  ingestCountColumns,
  ingestRejectColumns,
  keyUsageColumns,
  ledgerColumns,
  messageColumns,
  sessionColumns,
  sessionTraceColumns,
  settlementCursorColumns,
  spanColumns,
  spanEventColumns,
  tables,
  traceColumns,
  tracePlaceColumns,
} from '../../../migrations/schema.ts';
import { useDatabase } from '../../support/database.ts';
import { type LiveCollector, startLiveCollector } from '../collector/live-collector.ts';

let collector: LiveCollector;
beforeAll(() => {
  collector = startLiveCollector(useDatabase());
});
afterAll(() => collector.close());

it.each([
  [tables.messages, messageColumns],
  [tables.spans, spanColumns],
  [tables.spanEvents, spanEventColumns],
  [tables.ledger, ledgerColumns],
  [tables.traces, traceColumns],
  [tables.sessionTraces, sessionTraceColumns],
  [tables.sessions, sessionColumns],
  [tables.tracePlaces, tracePlaceColumns],
  [tables.settlementCursors, settlementCursorColumns],
  [tables.keyUsage, keyUsageColumns],
  [tables.deliveries, deliveryColumns],
  [tables.ingestCounts, ingestCountColumns],
  [tables.ingestRejects, ingestRejectColumns],
  [tables.ingestCollectors, ingestCollectorColumns],
])('the columns that are sent to %s are those of the live table', async (table, columns) => {
  const live = await collector.rows<{ name: string; type: string; default_expression: string }>(
    `SELECT name, type, default_expression FROM system.columns
     WHERE database = currentDatabase() AND table = '${table}' ORDER BY position`,
  );
  // Only what the database fills in itself is not sent.
  const sent = live.filter(({ default_expression: byDatabase }) => byDatabase === '');
  expect(live.length - sent.length).toBeLessThanOrEqual(1);
  expect(sent.map(({ name, type }) => [name, sentType(type)])).toEqual(Object.entries(columns));
});

/** A column that merges by itself takes single values. */
function sentType(type: string): string {
  return /^SimpleAggregateFunction\(\w+, (.+)\)$/.exec(type)?.[1] ?? type;
}

it('every table that code names exists', async () => {
  const live = await collector.rows<{ name: string }>(
    'SELECT name FROM system.tables WHERE database = currentDatabase()',
  );
  expect(live.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.values(tables)));
});

it('skeletons have the columns of spans that settlement needs, of the same types', async () => {
  const columnsOf = async (table: string) =>
    collector.rows<{ name: string; type: string }>(
      `SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = '${table}'`,
    );
  const spans = new Map((await columnsOf(tables.spans)).map(({ name, type }) => [name, type]));
  const skeletons = await columnsOf(tables.skeletons);
  const own = skeletons.filter(({ name, type }) => spans.get(name) !== type).map(({ name }) => name);
  expect(own.toSorted()).toEqual(['call_key', 'input_message_count']);
});
