import type { Columns, Row } from './schema.ts';

/**
 * Writes rows in ClickHouse's RowBinary format. https://clickhouse.com/docs/interfaces/formats/RowBinary
 * The encoder of a table is put together once from its column types.
 */
export type RowEncoder<Table extends Columns> = (rows: readonly Row<Table>[]) => Buffer;

export function rowEncoder<Table extends Columns>(columns: Table): RowEncoder<Table> {
  const writers = Object.entries(columns).map(([name, type]) => ({ name, write: valueWriter(type) }));
  return (rows) => {
    const sink = new Sink(rows.length * rowBytesGuess);
    for (const row of rows as readonly Record<string, never>[]) {
      for (const { name, write } of writers) write(sink, row[name] as never);
    }
    return sink.bytes();
  };
}

type ValueWriter = (sink: Sink, value: never) => void;

const scalars: Readonly<Record<string, ValueWriter>> = {
  String: (sink, value: string) => {
    sink.string(value);
  },
  Bool: (sink, value: boolean) => {
    sink.uint8(value ? 1 : 0);
  },
  UInt8: (sink, value: number) => {
    sink.uint8(value);
  },
  UInt32: (sink, value: number) => {
    sink.uint32(value);
  },
  Date: (sink, value: number) => {
    sink.uint16(value);
  },
  Int8: (sink, value: number) => {
    sink.uint8(value & 0xff);
  },
  UInt16: (sink, value: number) => {
    sink.uint16(value);
  },
  Int64: (sink, value: bigint) => {
    sink.int64(value);
  },
  UInt64: (sink, value: bigint) => {
    sink.int64(BigInt.asIntN(64, value));
  },
  "DateTime64(3, 'UTC')": (sink, value: bigint) => {
    sink.int64(value);
  },
  "DateTime64(9, 'UTC')": (sink, value: bigint) => {
    sink.int64(value);
  },
  'Decimal(18, 12)': (sink, value: bigint) => {
    sink.int64(value);
  },
};

function valueWriter(type: string): ValueWriter {
  const scalar = scalars[type];
  if (scalar !== undefined) return scalar;
  const [, outer, inner] = /^(\w+)\((.*)\)$/.exec(type) ?? [];
  if (outer === 'LowCardinality') return valueWriter(inner ?? '');
  if (outer === 'FixedString')
    return (sink, value: Uint8Array) => {
      sink.raw(value, Number(inner));
    };
  if (outer === 'Nullable') {
    const write = valueWriter(inner ?? '');
    return (sink, value: unknown) => {
      sink.uint8(value === null ? 1 : 0);
      if (value !== null) write(sink, value as never);
    };
  }
  if (outer === 'Array') {
    const write = valueWriter(inner ?? '');
    return (sink, value: readonly unknown[]) => {
      sink.varint(value.length);
      for (const item of value) write(sink, item as never);
    };
  }
  if (outer === 'Map') {
    return (sink, value: ReadonlyMap<string, string>) => {
      sink.varint(value.size);
      for (const [key, item] of value) {
        sink.string(key);
        sink.string(item);
      }
    };
  }
  throw new Error(`no RowBinary writer for the column type ${type}`);
}

/** What a buffer begins with: it doubles as it fills. */
const rowBytesGuess = 512;
const firstBytesMax = 64 * 1024;

/** A growing buffer. */
class Sink {
  #buffer: Buffer;
  #length = 0;

  constructor(bytes: number) {
    this.#buffer = Buffer.allocUnsafe(Math.min(Math.max(bytes, 1_024), firstBytesMax));
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  uint8(value: number): void {
    this.#room(1);
    this.#buffer[this.#length++] = value;
  }

  uint16(value: number): void {
    this.#room(2);
    this.#length = this.#buffer.writeUInt16LE(value, this.#length);
  }

  uint32(value: number): void {
    this.#room(4);
    this.#length = this.#buffer.writeUInt32LE(value, this.#length);
  }

  int64(value: bigint): void {
    this.#room(8);
    this.#length = this.#buffer.writeBigInt64LE(value, this.#length);
  }

  varint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.uint8((rest & 127) | 128);
      rest >>>= 7;
    }
    this.uint8(rest);
  }

  string(value: string): void {
    const length = Buffer.byteLength(value);
    this.varint(length);
    this.#room(length);
    this.#length += this.#buffer.write(value, this.#length, 'utf8');
  }

  raw(value: Uint8Array, length: number): void {
    if (value.length !== length) throw new RangeError(`${String(value.length)} bytes where ${String(length)} are due`);
    this.#room(length);
    this.#buffer.set(value, this.#length);
    this.#length += length;
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
