import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rowEncoder } from '../../../migrations/row-binary.ts';

function encode(type: string, value: unknown): string {
  return rowEncoder({ column: type })([{ column: value as never }]).toString('hex');
}

describe('rowEncoder', () => {
  // The bytes are those of ClickHouse's documentation of RowBinary.
  it.each([
    ['String', 'ü', '02c3bc'],
    ['String', '', '00'],
    ['String', 'a\0b', '03610062'],
    ['LowCardinality(String)', 'a', '0161'],
    ['Bool', true, '01'],
    ['UInt8', 255, 'ff'],
    ['UInt32', 4_294_967_295, 'ffffffff'],
    ['Date', 1, '0100'],
    ['Int64', -1n, 'ffffffffffffffff'],
    ['UInt64', 2n ** 64n - 1n, 'ffffffffffffffff'],
    ["DateTime64(9, 'UTC')", 1n, '0100000000000000'],
    ['Decimal(18, 12)', 1n, '0100000000000000'],
    ['Nullable(Int64)', null, '01'],
    ['Nullable(Int64)', 2n, '000200000000000000'],
    ['FixedString(2)', Uint8Array.from([1, 2]), '0102'],
    ['Array(String)', ['a', 'b'], '0201610162'],
    ['Array(FixedString(1))', [Uint8Array.from([7])], '0107'],
    ['Map(LowCardinality(String), String)', new Map([['k', 'v']]), '01016b0176'],
  ])('writes %s %s', (type, value, bytes) => {
    expect(encode(type, value)).toBe(bytes);
  });

  it('writes the columns of every row in order, growing as it must', () => {
    const rows = Array.from({ length: 1000 }, (_, index) => ({ a: 'x'.repeat(300), b: index % 256 }));
    const bytes = rowEncoder({ a: 'String', b: 'UInt8' } as const)(rows);
    expect(bytes).toHaveLength(1000 * (2 + 300 + 1));
    expect(bytes.at(302)).toBe(0);
    expect(bytes.at(-1)).toBe(999 % 256);
  });

  it('writes the length of any text in bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        const bytes = Buffer.from(encode('String', text), 'hex');
        const content = Buffer.from(text);
        const prefix = bytes.length - content.length;
        expect(bytes.subarray(prefix).equals(content)).toBe(true);
        expect(prefix).toBe(content.length < 128 ? 1 : 2);
      }),
    );
  });

  it('refuses a fixed string of another length and a type it does not know', () => {
    expect(() => encode('FixedString(2)', Uint8Array.from([1]))).toThrow('1 bytes where 2 are due');
    expect(() => rowEncoder({ a: 'UUID' })).toThrow('no RowBinary writer for the column type UUID');
  });
});
