export type AttributeValue = string | number | boolean | string[];

/**
 * Writes protobuf from the last field to the first, so that the length of a message is known when
 * its header is written. Places are distances from the end: they stay true while the buffer grows.
 */
export class ReverseWriter {
  #buffer: Buffer;
  #position: number;

  constructor(sizeBytes: number) {
    this.#buffer = Buffer.allocUnsafe(sizeBytes);
    this.#position = sizeBytes;
  }

  bytes(field: number, value: Buffer): number {
    this.#room(value.length);
    this.#position -= value.length;
    value.copy(this.#buffer, this.#position);
    const place = this.#place();
    this.#varint(value.length);
    this.#varint(field * 8 + 2);
    return place;
  }

  string(field: number, value: string): number {
    return this.bytes(field, Buffer.from(value));
  }

  int(field: number, value: number): void {
    this.#varint(value);
    this.#varint(field * 8);
  }

  double(field: number, value: number): void {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    this.#raw(bytes);
    this.#varint(field * 8 + 1);
  }

  /** Eight zero bytes to be filled in later. */
  fixed64(field: number): number {
    this.#raw(Buffer.alloc(8));
    const place = this.#place();
    this.#varint(field * 8 + 1);
    return place;
  }

  message(field: number, write: () => void): void {
    const end = this.#place();
    write();
    this.#varint(this.#place() - end);
    this.#varint(field * 8 + 2);
  }

  /** A KeyValue; answers the place of a text value. */
  attribute(field: number, key: string, value: AttributeValue): number {
    let place = 0;
    this.message(field, () => {
      this.message(2, () => {
        if (typeof value === 'string') place = this.string(1, value);
        else if (typeof value === 'boolean') this.int(2, value ? 1 : 0);
        else if (typeof value !== 'number') {
          this.message(5, () => {
            for (const text of value.toReversed()) this.message(1, () => this.string(1, text));
          });
        } else if (Number.isInteger(value)) this.int(3, value);
        else this.double(4, value);
      });
      this.string(1, key);
    });
    return place;
  }

  finish(): Buffer {
    return Buffer.from(this.#buffer.subarray(this.#position));
  }

  #place(): number {
    return this.#buffer.length - this.#position;
  }

  #raw(bytes: Buffer): void {
    this.#room(bytes.length);
    this.#position -= bytes.length;
    bytes.copy(this.#buffer, this.#position);
  }

  /** `value`: a non-negative safe integer. */
  #varint(value: number): void {
    const bytes: number[] = [];
    let rest = value;
    while (rest > 127) {
      bytes.push((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    bytes.push(rest);
    this.#raw(Buffer.from(bytes));
  }

  #room(sizeBytes: number): void {
    if (this.#position >= sizeBytes) return;
    const used = this.#place();
    const next = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, used + sizeBytes + 1024));
    this.#buffer.copy(next, next.length - used, this.#position);
    this.#position = next.length - used;
    this.#buffer = next;
  }
}
