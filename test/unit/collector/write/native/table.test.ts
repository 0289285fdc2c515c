import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LowCardinalityColumn } from '../../../../../collector/write/native/columns.ts';
import { NativeTable } from '../../../../../collector/write/native/table.ts';
import { type Columns, spanColumns, spanEventColumns } from '../../../../../migrations/schema.ts';
import { rowsOf } from '../../../../support/random-rows.ts';

function blockOf<Table extends Columns>(table: NativeTable<Table>): string {
  return Buffer.concat(table.finish()).toString('hex');
}

describe('NativeTable', () => {
  // As ClickHouse's documentation of the format has them.
  it.each([
    ['UInt8', 5, '05'],
    ['String', 'ü', '02c3bc'],
    ['Nullable(Int64)', null, '010000000000000000'],
    ['Array(FixedString(1))', [Uint8Array.of(7)], '010000000000000007'],
    [
      'LowCardinality(String)',
      'a',
      '0100000000000000' + '0006000000000000' + '0100000000000000' + '0161' + '0100000000000000' + '00',
    ],
  ])('writes a block of %s %s', (type, value, bytes) => {
    const table = new NativeTable({ c: type });
    table.append({ c: value as never });
    const name = Buffer.from(type);
    const head = `01010163${name.length.toString(16).padStart(2, '0')}${name.toString('hex')}`;
    expect(blockOf(table)).toBe(head + bytes);
  });

  it('goes back to a mark as if what came after had never been there, half a row included', () => {
    const rows = rowsOf<typeof spanEventColumns>(spanEventColumns);
    fc.assert(
      fc.property(rows, rows, rows, (before, between, after) => {
        const table = new NativeTable(spanEventColumns);
        const expected = new NativeTable(spanEventColumns);
        for (const row of before) table.append(row);
        const { size } = table;
        const marks = table.mark();
        for (const row of between)
          table.append({ ...row, name: before[0]?.name ?? '', service_name: '', scope_name: '' });
        expect(() => {
          table.append(Object.assign({}, between[0], { sequence: -1 }));
        }).toThrow(RangeError);
        table.rollback(marks);
        expect([table.rows, table.size >= size]).toEqual([before.length, true]);
        for (const row of [...before, ...after]) expected.append(row);
        for (const row of after) table.append(row);
        expect(table.rows).toBe(expected.rows);
        expect(table.columns.body.size).toBe(expected.columns.body.size);
        expect(table.columns.input_messages.size).toBe(expected.columns.input_messages.size);
      }),
      { numRuns: 20 },
    );
  });

  it('finds a text by its number as by its bytes, whoever numbered it, also after it was emptied', () => {
    const [numbered, plain] = [new LowCardinalityColumn(), new LowCardinalityColumn()];
    const texts = Array.from({ length: 300 }, (_, index) => Buffer.from(`name ${String(index)}`));
    const step = fc.record({ text: fc.nat(texts.length - 1), who: fc.nat(1), clears: fc.nat(20) });
    // Each numbers the texts in another order.
    const numberings = [
      { of: {}, number: (text: number) => text },
      { of: {}, number: (text: number) => texts.length - 1 - text },
    ];
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        for (const { text, who, clears } of steps) {
          const [bytes, numbering] = [texts[text] ?? Buffer.alloc(0), numberings[who]];
          if (numbering === undefined) continue;
          if (clears === 0) for (const column of [numbered, plain]) column.clear();
          const index = numbered.indexOfNumbered(numbering.of, numbering.number(text), bytes, 0, bytes.length);
          expect(index).toBe(plain.indexOfBytes(bytes, 0, bytes.length));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('goes back over chunks', () => {
    const table = new NativeTable({ text: 'String' } as const);
    const text = 'x'.repeat(100_000);
    table.append({ text });
    const marks = table.mark();
    for (let count = 0; count < 50; count += 1) table.append({ text: text.repeat(1 + (count % 7)) });
    table.rollback(marks);
    table.append({ text: 'end' });
    const expected = new NativeTable({ text: 'String' } as const);
    expected.append({ text });
    expected.append({ text: 'end' });
    expect(blockOf(table)).toBe(blockOf(expected));
  });

  it('writes a map that comes again like any other, over chunks and marks', () => {
    const columns = { map: 'Map(LowCardinality(String), String)' } as const;
    const maps = [
      new Map([
        ['a', 'x'.repeat(300)],
        ['b', ''],
        ['ü', '😀'],
      ]),
      new Map([['b', 'other']]),
      new Map<string, string>(),
      new Map([['large', 'y'.repeat(200_000)]]),
    ];
    const order = fc.array(fc.nat(maps.length - 1), { maxLength: 40 });
    fc.assert(
      fc.property(order, order, order, (before, between, after) => {
        const [shared, copied] = [new NativeTable(columns), new NativeTable(columns)];
        const append = (table: typeof shared, list: readonly number[], asCopy: boolean) => {
          for (const index of list) {
            const map = maps[index] ?? new Map<string, string>();
            for (let times = 0; times < 3; times += 1) table.append({ map: asCopy ? new Map(map) : map });
          }
        };
        for (const [table, asCopy] of [
          [shared, false],
          [copied, true],
        ] as const) {
          append(table, before, asCopy);
          const marks = table.mark();
          append(table, between, asCopy);
          table.rollback(marks);
          append(table, after, asCopy);
        }
        expect(blockOf(shared) === blockOf(copied)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('is as new when it was cleared', () => {
    const rows = rowsOf<typeof spanColumns>(spanColumns);
    const table = new NativeTable(spanColumns);
    fc.assert(
      fc.property(rows, (some) => {
        for (const row of some) table.append(row);
        const fresh = new NativeTable(spanColumns);
        for (const row of some) fresh.append(row);
        expect(blockOf(table)).toBe(blockOf(fresh));
        table.clear();
        expect([table.rows, table.size]).toEqual([0, 0]);
      }),
      { numRuns: 20 },
    );
  });

  it('refuses values that have no room, rows that are not whole, and types it does not know', () => {
    const table = new NativeTable({ small: 'UInt8', wide: 'Int64', fixed: 'FixedString(2)' } as const);
    const marks = table.mark();
    const good = { small: 1, wide: 1n, fixed: Uint8Array.of(1, 2) };
    const bad = [
      { ...good, small: 256 },
      { ...good, small: 1.5e300 },
      { ...good, wide: 2n ** 63n },
      { ...good, fixed: Uint8Array.of(1) },
    ];
    for (const row of bad) {
      expect(() => {
        table.append(row);
      }).toThrow(RangeError);
      table.rollback(marks);
    }
    table.append(good);
    expect(table.rows).toBe(1);
    table.columns.small.append(1);
    expect(() => table.finish()).toThrow('column wide has 1 values in 2 rows');
    expect(() => new NativeTable({ a: 'UUID' })).toThrow('no Native column for the type UUID');
  });
});
