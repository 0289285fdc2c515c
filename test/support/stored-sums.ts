import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import { tables } from '../../migrations/schema.ts';
import type { LoadTotals } from './load-template.ts';

/** What is stored and what is booked, by the names of what a load sums up; `spanRows` counts a span once for each time it was stored. */
export interface StoredSums {
  spanRows: number;
  spans: number;
  calls: number;
  inputTokens: number;
  outputTokens: number;
  cachedTokens: number;
  errors: number;
}

const pollMs = 250;

/** Of all projects. Reads whole tables: about 0.1 s a million spans. */
export async function readStoredSums(client: ClickHouseClient): Promise<StoredSums> {
  const [stored, booked] = await Promise.all([
    readRow(
      client,
      `SELECT count() AS spanRows, uniqExact(trace_id, span_id) AS spans,
         uniqExactIf((trace_id, span_id), status = 'error') AS errors FROM spans LIMIT 1`,
    ),
    readBooked(client),
  ]);
  return { ...(stored as Pick<StoredSums, 'spanRows' | 'spans' | 'errors'>), ...booked };
}

type Booked = Pick<StoredSums, 'calls' | 'inputTokens' | 'outputTokens' | 'cachedTokens'>;

async function readBooked(client: ClickHouseClient): Promise<Booked> {
  const query = `SELECT sum(model_calls) AS calls, sum(input_tokens) AS inputTokens, sum(output_tokens) AS outputTokens,
    sum(cache_read_tokens) AS cachedTokens FROM ledger LIMIT 1`;
  return (await readRow(client, query)) as unknown as Booked;
}

/** Waits until a table has so many spans, each counted once: what went through a spool comes later. Gives how many it has at last. */
export async function waitUntilStored(
  client: ClickHouseClient,
  wanted: { table: string; spans: number; patienceMs: number },
): Promise<number> {
  const deadline = performance.now() + wanted.patienceMs;
  for (;;) {
    const query = `SELECT uniqExact(trace_id, span_id) AS spans FROM ${wanted.table} LIMIT 1`;
    const { spans = 0 } = await readRow(client, query);
    if (spans === wanted.spans || performance.now() > deadline) return spans;
    await sleep(pollMs);
  }
}

/** Rows that arrived and rows that were booked; ClickHouse keeps both counts, so asking costs nothing. */
export async function readRowCounts(client: ClickHouseClient): Promise<{ arrived: number; booked: number }> {
  const query = `SELECT (SELECT count() FROM ${tables.skeletons}) AS arrived, (SELECT count() FROM ${tables.ledger}) AS booked LIMIT 1`;
  const { arrived = 0, booked = 0 } = await readRow(client, query);
  return { arrived, booked };
}

/**
 * Waits until the sums of the ledger are those of what was acknowledged; gives the seconds that took from `sinceMs` (of
 * `performance.now`), or what differs after `patienceMs`.
 */
export async function waitUntilBooked(
  client: ClickHouseClient,
  acknowledged: LoadTotals,
  { sinceMs, patienceMs }: { sinceMs: number; patienceMs: number },
): Promise<{ seconds: number; differences: string[] }> {
  for (;;) {
    const differences = compareBooked(await readBooked(client), acknowledged);
    const seconds = (performance.now() - sinceMs) / 1000;
    if (differences.length === 0 || seconds * 1000 > patienceMs) return { seconds, differences };
    await sleep(pollMs);
  }
}

/** What of the sums is not what was acknowledged. */
export function compareStored(stored: StoredSums, acknowledged: LoadTotals): string[] {
  const spans = compare('spans stored', stored.spans, acknowledged.spans);
  return [...spans, ...compare('errors', stored.errors, acknowledged.errors), ...compareBooked(stored, acknowledged)];
}

/** What is booked. */
function compareBooked(booked: Booked, acknowledged: LoadTotals): string[] {
  return [
    ...compare('calls booked', booked.calls, acknowledged.modelCalls),
    ...compare('input tokens booked', booked.inputTokens, acknowledged.inputTokens),
    ...compare('output tokens booked', booked.outputTokens, acknowledged.outputTokens),
    ...compare('cached tokens booked', booked.cachedTokens, acknowledged.cachedTokens),
  ];
}

function compare(what: string, got: number, want: number): string[] {
  return got === want ? [] : [`${what}: ${got}, acknowledged ${want}`];
}

/** All columns of the one row as numbers. */
async function readRow(client: ClickHouseClient, query: string): Promise<Record<string, number>> {
  const answer = await client.query({ query, format: 'JSONEachRow' });
  const [row = {}] = await answer.json<Record<string, string>>();
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)]));
}
