/**
 * Gives the memory of bytes back that nobody reads any more; they are empty afterwards. Else the garbage collector counts
 * megabytes that are long done with, marks the whole heap again for each 64 of them, and the process is as much larger.
 * Bytes that share their buffer with others are left alone.
 */
export function freeBytes({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength && byteLength > 0) buffer.transfer(0);
}
