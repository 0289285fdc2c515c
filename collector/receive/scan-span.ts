import { isUtf8 } from 'node:buffer';
import { valueClass } from '../map/plan/value-class.ts';
import { typedJson } from '../map/value.ts';
import { ByteInterner } from './byte-interner.ts';
import type { AnyValue } from './otlp.ts';
import { decodeValue } from './protobuf.ts';

/** Attributes of a span that is scanned; with more it is unusual. */
const attributesMax = 192;
const keyBytesMax = 256;
const textBytesMax = 1024 * 1024;
const shortCharacters = 1024;
const noKeys = new ByteInterner(0);

/**
 * One span in protobuf as numbers: where its parts stand in the body. It is filled anew for each span, so that none of it
 * becomes an object.
 */
export class SpanScan {
  bytes: Buffer = Buffer.alloc(0);
  at = 0;
  end = 0;
  traceAt = 0;
  spanAt = 0;
  /** -1: no parent. */
  parentAt = -1;
  nameAt = 0;
  nameEnd = 0;
  kind = 0;
  flags = 0;
  statusCode = 0;
  droppedAttributes = 0;
  startAt = -1;
  endAt = -1;
  /** How many attributes; the arrays are filled so far. */
  count = 0;
  /** By the interner's numbers; -1 for one that it does not know. */
  readonly keys = new Int32Array(attributesMax);
  readonly keyAts = new Int32Array(attributesMax);
  readonly keyEnds = new Int32Array(attributesMax);
  /** Of `valueClass`. */
  readonly classes = new Uint8Array(attributesMax);
  /** Where the value's bytes begin and end: of a text its own, of others those of the encoded value. */
  readonly ats = new Int32Array(attributesMax);
  readonly ends = new Int32Array(attributesMax);
  /** The value of a count or double. */
  readonly numbers = new Float64Array(attributesMax);
  /** True where all keys have numbers. */
  knowsKeys = true;
  /** How many nested messages it may hold: each is two bytes at least. */
  valuesAtMost = 0;
  /** That numbers the keys. */
  interner: ByteInterner = noKeys;
  #next = 0;

  /**
   * Reads the span in `bytes[at, end)`. False where it is unusual: what is not as exporters write it, or is rare enough
   * (events, links, a status message, a trace state) to be left to the decoder. What is true here, the decoder reads alike.
   */
  scan(bytes: Buffer, at: number, end: number, keys: ByteInterner): boolean {
    this.interner = keys;
    this.bytes = bytes;
    this.at = at;
    this.end = end;
    this.traceAt = this.spanAt = this.parentAt = this.startAt = this.endAt = -1;
    this.nameAt = this.nameEnd = at;
    this.kind = this.flags = this.statusCode = this.droppedAttributes = this.count = 0;
    this.knowsKeys = true;
    this.valuesAtMost = 2;
    this.#next = at;
    while (this.#next < end) if (!this.#field(end)) return false;
    return this.#next === end && this.traceAt >= 0 && this.spanAt >= 0 && this.startAt >= 0 && this.endAt >= 0;
  }

  name(): string {
    return this.bytes.toString('utf8', this.nameAt, this.nameEnd);
  }

  /** Attribute `index` as the decoder gives it. */
  value(index: number): AnyValue {
    const at = this.ats[index] ?? 0;
    const end = this.ends[index] ?? 0;
    switch (this.classes[index]) {
      case valueClass.count:
        return BigInt(this.numbers[index] ?? 0);
      case valueClass.double:
        return this.numbers[index] ?? 0;
      case valueClass.true:
        return true;
      case valueClass.false:
        return false;
      case valueClass.opaque:
        return decodeValue(this.bytes.subarray(at, end));
      default:
        return this.bytes.toString('utf8', at, end);
    }
  }

  /** Attribute `index` as `typedJson` has it. */
  json(index: number): string {
    if (this.classes[index] === valueClass.count) return String(this.numbers[index] ?? 0);
    return typedJson(this.value(index));
  }

  #field(end: number): boolean {
    const tag = this.bytes[this.#next++] ?? 0;
    switch (tag) {
      case 0x0a: // trace id
        return (this.traceAt = this.#fixedBytes(16, end)) >= 0;
      case 0x12: // span id
        return (this.spanAt = this.#fixedBytes(8, end)) >= 0;
      case 0x1a: // trace state
        return this.bytes[this.#next++] === 0;
      case 0x22: // parent
        if (this.bytes[this.#next] === 0) {
          this.#next += 1;
          this.parentAt = -1;
          return true;
        }
        return (this.parentAt = this.#fixedBytes(8, end)) >= 0;
      case 0x2a: // name
        this.nameEnd = this.#length(end);
        this.nameAt = this.#next;
        this.#next = this.nameEnd;
        return (
          this.nameEnd >= 0 && this.nameEnd - this.nameAt <= keyBytesMax && this.#isText(this.nameAt, this.nameEnd)
        );
      case 0x30: // kind
        return (this.kind = this.#small()) >= 0;
      case 0x39: // start
        this.startAt = this.#next;
        this.#next += 8;
        return true;
      case 0x41: // end
        this.endAt = this.#next;
        this.#next += 8;
        return true;
      case 0x4a: // attribute
        return this.#attribute(end);
      case 0x50: // dropped attributes
        return (this.droppedAttributes = this.#small()) >= 0;
      case 0x60: // dropped events and links
      case 0x70:
        return this.#small() === 0;
      case 0x7a: // status
        return this.#status(end);
      case 0x85: // flags
        if (this.bytes[this.#next] !== 1 || this.#next + 5 > end) return false;
        this.flags = this.bytes.readUInt32LE(this.#next + 1);
        this.#next += 5;
        return true;
      default:
        return false;
    }
  }

  #fixedBytes(length: number, end: number): number {
    if (this.bytes[this.#next] !== length || this.#next + 1 + length > end) return -1;
    const at = this.#next + 1;
    this.#next = at + length;
    return at;
  }

  /** A number of one byte. */
  #small(): number {
    const byte = this.bytes[this.#next++] ?? 0x80;
    return byte < 0x80 ? byte : -1;
  }

  #status(end: number): boolean {
    const until = this.#length(end);
    if (until < 0) return false;
    while (this.#next < until) {
      const tag = this.bytes[this.#next++];
      const value = this.bytes[this.#next++] ?? 0x80;
      if (tag === 0x18 && value < 0x80) this.statusCode = value;
      else if (tag !== 0x12 || value !== 0) return false;
    }
    return this.#next === until;
  }

  #attribute(end: number): boolean {
    const until = this.#length(end);
    const index = this.count;
    if (until < 0 || index >= attributesMax || this.bytes[this.#next++] !== 0x0a) return false;
    const keyEnd = this.#length(until);
    const keyAt = this.#next;
    if (keyEnd < 0 || keyEnd - keyAt > keyBytesMax) return false;
    const key = this.interner.find(this.bytes, keyAt, keyEnd);
    if (key === -1) {
      if (!isUtf8(this.bytes.subarray(keyAt, keyEnd))) return false;
      this.knowsKeys = false;
    }
    this.keys[index] = key;
    this.keyAts[index] = keyAt;
    this.keyEnds[index] = keyEnd;
    this.count = index + 1;
    this.valuesAtMost += 2;
    this.#next = keyEnd;
    if (this.bytes[this.#next++] !== 0x12) return false;
    const valueEnd = this.#length(until);
    return valueEnd === until && this.#value(index, valueEnd) && this.#next === until;
  }

  #value(index: number, end: number): boolean {
    const at = this.#next;
    if (at >= end) return false;
    const tag = this.bytes[this.#next++];
    this.ats[index] = at;
    this.ends[index] = end;
    switch (tag) {
      case 0x0a:
        return this.#text(index, end);
      case 0x10: {
        const value = this.bytes[this.#next++] ?? 2;
        this.classes[index] = value === 1 ? valueClass.true : valueClass.false;
        return value <= 1;
      }
      case 0x18:
        return this.#integer(index, end);
      case 0x21:
        if (this.#next + 8 !== end) return false;
        this.classes[index] = valueClass.double;
        this.numbers[index] = this.bytes.readDoubleLE(this.#next);
        this.#next = end;
        return true;
      case 0x2a:
      case 0x32:
      case 0x3a:
        // What is inside is known only where equal bytes were decoded before.
        this.classes[index] = valueClass.opaque;
        this.valuesAtMost += (end - at) / 2;
        this.#next = end;
        return true;
      default:
        return false;
    }
  }

  #text(index: number, end: number): boolean {
    if (this.#length(end) !== end) return false;
    const at = this.#next;
    const length = end - at;
    this.#next = end;
    this.ats[index] = at;
    if (length === 0) {
      this.classes[index] = valueClass.emptyText;
      return true;
    }
    if (length > textBytesMax || !this.#isText(at, end)) return false;
    if (length > shortCharacters && this.#isLong(at, end)) {
      this.classes[index] = valueClass.longText;
    } else this.classes[index] = this.bytes[at] === 0x5b ? valueClass.bracketText : valueClass.shortText;
    return true;
  }

  #integer(index: number, end: number): boolean {
    let value = 0;
    let unit = 1;
    let byte = 0x80;
    while (byte >= 0x80) {
      // Eight bytes hold 56 bits; negative numbers take ten.
      if (this.#next >= end || unit > 2 ** 49) return false;
      byte = this.bytes[this.#next++] ?? 0;
      value += (byte & 0x7f) * unit;
      unit *= 128;
    }
    this.classes[index] = valueClass.count;
    this.numbers[index] = value;
    return value <= Number.MAX_SAFE_INTEGER;
  }

  /** Reads a length: where what follows ends, or -1. */
  #length(end: number): number {
    let length = this.bytes[this.#next++] ?? 0;
    if (length >= 0x80) {
      length &= 0x7f;
      let shift = 7;
      let byte = 0x80;
      for (; byte >= 0x80; shift += 7) {
        if (shift > 21) return -1;
        byte = this.bytes[this.#next++] ?? 0;
        length |= (byte & 0x7f) << shift;
      }
    }
    return length <= end - this.#next ? this.#next + length : -1;
  }

  /** Three bytes of UTF-8 are one character at least. */
  #isLong(at: number, end: number): boolean {
    return end - at > 3 * shortCharacters || this.bytes.toString('utf8', at, end).length > shortCharacters;
  }

  /** Short texts are looked through here: a call out costs more. */
  #isText(at: number, end: number): boolean {
    const { bytes } = this;
    if (end - at > 48) return isUtf8(bytes.subarray(at, end));
    let all = 0;
    for (let i = at; i < end; i += 1) all |= bytes[i] ?? 0;
    return all < 0x80 || isUtf8(bytes.subarray(at, end));
  }
}
