import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type Inserter } from '../../../collector/write/clickhouse.ts';
import { NativeTable } from '../../../collector/write/native/table.ts';
import { rowEncoder } from '../../../migrations/row-binary.ts';
import {
  type Columns,
  messageColumns,
  type Row,
  spanColumns,
  spanEventColumns,
  tracePlaceColumns,
} from '../../../migrations/schema.ts';
import { mapCaptureRows } from '../../support/capture-rows.ts';
import { loadCaptures } from '../../support/captures.ts';
import { connectDatabase, useDatabase } from '../../support/database.ts';
import { rowsOf } from '../../support/random-rows.ts';

let inserter: Inserter;
let client: ReturnType<typeof connectDatabase>;
beforeAll(() => {
  inserter = connect(useDatabase());
  client = connectDatabase(useDatabase());
});
afterAll(() => Promise.all([inserter.close(), client.close()]));

/** The rows as ClickHouse gives them back when they came in the format. */
async function readBack(
  columns: Columns,
  { format, data }: { format: 'Native' | 'RowBinary'; data: readonly Uint8Array[] },
): Promise<Buffer> {
  const table = `native_${randomUUID().replaceAll('-', '')}`;
  const types = Object.entries(columns).map(([name, type]) => `${name} ${type}`);
  await client.command({ query: `CREATE TABLE ${table} (${types.join(', ')}) ENGINE = Memory` });
  try {
    const outcome = await inserter.insert({ table, columns, format, data, token: table });
    if (outcome.status !== 'stored') throw outcome.error;
    const { stream } = await client.exec({ query: `SELECT * FROM ${table} FORMAT RowBinary` });
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  } finally {
    await client.command({ query: `DROP TABLE ${table}` });
  }
}

async function expectEqual<Table extends Columns>(columns: Table, rows: readonly Row<Table>[]): Promise<void> {
  const table = new NativeTable(columns);
  for (const row of rows) table.append(row);
  const read = await readBack(columns, { format: 'Native', data: table.finish() });
  const expected = rowEncoder(columns)(rows);
  expect(read.equals(expected)).toBe(true);
}

describe('rows of any content', () => {
  it.each([
    ['spans', spanColumns],
    ['messages', messageColumns],
    ['span events', spanEventColumns],
    ['trace places', tracePlaceColumns],
  ] satisfies [string, Columns][])('are stored the same as columns and as rows: %s', async (_, columns) => {
    await fc.assert(
      fc.asyncProperty(rowsOf<Columns>(columns), (rows) => expectEqual(columns, rows)),
      { numRuns: 15 },
    );
  });
});

describe('what real SDKs sent', () => {
  it('is stored the same as columns and as rows', async () => {
    const captures = loadCaptures().map((capture) => mapCaptureRows(capture, 'p'));
    await expectEqual(
      spanColumns,
      captures.flatMap(({ spans }) => spans),
    );
    await expectEqual(
      spanEventColumns,
      // The intake rejects records without ids.
      captures.flatMap(({ events }) => events).filter((row) => row.trace_id.length === 16 && row.span_id.length === 8),
    );
    await expectEqual(
      messageColumns,
      captures.flatMap(({ messages }) => messages),
    );
  });
});

describe('dictionaries', () => {
  const columns = {
    name: 'LowCardinality(String)',
    names: 'Array(LowCardinality(String))',
    map: 'Map(LowCardinality(String), String)',
  } as const satisfies Columns;

  it.each([1, 255, 256, 257, 65_535, 65_536, 65_537, 100_000])('may have %i entries', async (count) => {
    const rows = Array.from({ length: count }, (_, index) => ({
      name: `name ${index}`,
      names: index % 3 === 0 ? [] : [`name ${index}`, ''],
      map: new Map([[`key ${index}`, `value ${index}`]]),
    }));
    await expectEqual(columns, rows);
  });

  it('are none where no row has an item', async () => {
    const empty = { name: '', names: [], map: new Map<string, string>() };
    await expectEqual(columns, [empty, empty]);
  });
});

describe('text', () => {
  const columns = { text: 'String', name: 'LowCardinality(String)' } as const satisfies Columns;

  it('of megabytes is stored beside empty text', async () => {
    const texts = [
      '',
      'ü'.repeat(5_000_000),
      'x',
      'y'.repeat(256 * 1024),
      '',
      'z'.repeat(256 * 1024 - 3),
      '😀'.repeat(10),
    ];
    await expectEqual(
      columns,
      texts.map((text) => ({ text, name: text.slice(0, 100) })),
    );
  });
});
