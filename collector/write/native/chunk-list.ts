import type { ByteStore } from './byte-store.ts';

/** Chunks smaller than this are joined: each chunk is a write to the socket. */
const joinedBytes = 16 * 1024;
const jointBytes = 64 * 1024;

/** What is sent, in order: large chunks as they are, small ones joined. */
export class ChunkList {
  readonly #chunks: Uint8Array[] = [];
  #joint = Buffer.allocUnsafe(jointBytes);
  #from = 0;
  #length = 0;

  store(store: ByteStore): void {
    for (const chunk of store.chunks()) this.bytes(chunk);
  }

  bytes(chunk: Uint8Array): void {
    if (chunk.length >= joinedBytes) {
      this.#flush();
      this.#chunks.push(chunk);
      return;
    }
    this.#room(chunk.length);
    this.#joint.set(chunk, this.#length);
    this.#length += chunk.length;
  }

  text(value: string): void {
    const bytes = Buffer.from(value);
    this.varint(bytes.length);
    this.bytes(bytes);
  }

  varint(value: number): void {
    this.#room(5);
    let rest = value;
    while (rest > 127) {
      this.#joint[this.#length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#joint[this.#length++] = rest;
  }

  uint64(value: number): void {
    this.#room(8);
    this.#length = this.#joint.writeBigUInt64LE(BigInt(value), this.#length);
  }

  /** All of it; nothing is added any more. */
  finish(): Uint8Array[] {
    this.#flush();
    return this.#chunks;
  }

  #room(count: number): void {
    if (this.#length + count <= this.#joint.length) return;
    this.#flush();
    this.#joint = Buffer.allocUnsafe(jointBytes);
    this.#from = 0;
    this.#length = 0;
  }

  #flush(): void {
    if (this.#length > this.#from) this.#chunks.push(this.#joint.subarray(this.#from, this.#length));
    this.#from = this.#length;
  }
}
