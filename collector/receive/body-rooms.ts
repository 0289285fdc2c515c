import { freeBytes } from '../free-bytes.ts';

/** Smaller bodies are not worth keeping the memory of. */
const leastBytes = 64 * 1024;
/** Memory that waits for the next body. */
const spareBytesMax = 48 * 1024 * 1024;
/** Rooms are whole multiples of it, so that bodies of nearly one size share them. */
const stepBytes = 64 * 1024;

/**
 * Memory for bodies, used again: a fresh piece costs the kernel a page fault for every four kilobytes, and the garbage collector
 * learns late that it is free.
 */
export class BodyRooms {
  readonly #spare: Buffer[] = [];
  readonly #lent = new WeakSet<ArrayBufferLike>();
  #spareBytes = 0;

  /** Room for so many bytes; what it holds is not defined. */
  lend(bytes: number): Buffer {
    const place = this.#spare.findIndex(({ length }) => length >= bytes && length <= bytes * 2);
    const [spare] = place === -1 ? [] : this.#spare.splice(place, 1);
    if (spare !== undefined) this.#spareBytes -= spare.length;
    const isKept = bytes >= leastBytes;
    const room = spare ?? Buffer.allocUnsafeSlow(isKept ? Math.ceil(bytes / stepBytes) * stepBytes : bytes);
    if (isKept) this.#lent.add(room.buffer);
    return room;
  }

  /** Takes the room of a body back, when nobody reads the body any more; memory that was not lent here is left alone. */
  takeBack({ buffer }: Uint8Array): void {
    if (!this.#lent.delete(buffer)) return;
    const room = Buffer.from(buffer);
    if (this.#spareBytes + room.length > spareBytesMax) {
      freeBytes(room);
      return;
    }
    this.#spare.push(room);
    this.#spareBytes += room.length;
  }
}
