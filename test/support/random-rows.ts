import fc from 'fast-check';
import type { Columns, Row } from '../../migrations/schema.ts';

/** Up to 30 rows of a table with anything that its columns can hold. */
export function rowsOf<Table extends Columns>(columns: Table): fc.Arbitrary<Row<Table>[]> {
  const values = Object.entries(columns).map(([name, type]) => [name, valueOf(type)] as const);
  // The types of the values follow from those of the columns, which the compiler cannot see.
  return fc.array(fc.record(Object.fromEntries(values)), { minLength: 1, maxLength: 30 }) as unknown as fc.Arbitrary<
    Row<Table>[]
  >;
}

const text = fc.oneof(
  fc.constantFrom('', 'a', 'same', 'x'.repeat(42), 'x'.repeat(43), 'ü'.repeat(127)),
  fc.string({ unit: 'binary', maxLength: 300 }),
);

const scalars: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  String: text,
  Bool: fc.boolean(),
  UInt8: fc.nat(0xff),
  Int8: fc.integer({ min: -0x80, max: 0x7f }),
  UInt16: fc.nat(0xffff),
  Date: fc.nat(0xffff),
  UInt32: fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 0xffff_ffff })),
  UInt64: fc.oneof(fc.bigInt({ min: 0n, max: 1000n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  Int64: fc.oneof(fc.bigInt({ min: -10n, max: 10n }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  "DateTime64(3, 'UTC')": fc.bigInt({ min: 0n, max: 4_102_444_800_000n }),
  "DateTime64(9, 'UTC')": fc.bigInt({ min: 0n, max: 4_102_444_800_000_000_000n }),
  'Decimal(18, 12)': fc.bigInt({ min: -(10n ** 18n) + 1n, max: 10n ** 18n - 1n }),
};

function valueOf(type: string): fc.Arbitrary<unknown> {
  const scalar = scalars[type];
  if (scalar !== undefined) return scalar;
  const [, outer, inner = ''] = /^(\w+)\((.*)\)$/.exec(type) ?? [];
  switch (outer) {
    case 'LowCardinality':
      return valueOf(inner);
    case 'FixedString':
      return fc.uint8Array({ minLength: Number(inner), maxLength: Number(inner) });
    case 'Nullable':
      return fc.option(valueOf(inner));
    case 'Array':
      return fc.array(valueOf(inner), { maxLength: 5 });
    case 'Map':
      return fc
        .uniqueArray(fc.tuple(text, text), { maxLength: 5, selector: ([key]) => key })
        .map((pairs) => new Map(pairs));
    default:
      throw new Error(`no arbitrary for the type ${type}`);
  }
}
