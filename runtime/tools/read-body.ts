import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createUnzip, createZstdDecompress } from 'node:zlib';
import { toolLimits } from '../definition/tool-schema.ts';

/** How far a body is read on only to tell how long it is. */
const countedBytesMax = toolLimits.responseBytes;

/** The beginning of a body. */
export interface BodyStart {
  bytes: Buffer;
  /** Of the whole body. */
  totalBytes: number;
  /** Nothing was cut off. */
  isWhole: boolean;
  /** `totalBytes` is where counting ended: there is more. */
  isAtLeast: boolean;
}

/**
 * Reads a body, decompressed, and keeps its first `keptBytesMax` bytes. What comes behind is counted, up to 10 MiB; then the
 * connection is closed. Throws what breaks the body off.
 */
export async function readBody(message: IncomingMessage, keptBytesMax: number): Promise<BodyStart> {
  const body = decompress(message);
  const declared = body === message ? Number(message.headers['content-length'] ?? Number.NaN) : Number.NaN;
  const chunks: Buffer[] = [];
  let totalBytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    const room = keptBytesMax - totalBytes;
    if (room > 0) chunks.push(chunk.subarray(0, room));
    totalBytes += chunk.length;
    if (totalBytes <= keptBytesMax) continue;
    // Leaving the loop closes the connection.
    if (declared > 0) return { bytes: Buffer.concat(chunks), totalBytes: declared, isWhole: false, isAtLeast: false };
    if (totalBytes > countedBytesMax) {
      return { bytes: Buffer.concat(chunks), totalBytes: countedBytesMax, isWhole: false, isAtLeast: true };
    }
  }
  return { bytes: Buffer.concat(chunks), totalBytes, isWhole: totalBytes <= keptBytesMax, isAtLeast: false };
}

/** Nothing compressed is asked for; some servers compress nevertheless. */
function decompress(message: IncomingMessage): Readable {
  const decoder = makeDecoder(message.headers['content-encoding']?.trim().toLowerCase());
  if (decoder === undefined) return message;
  pipeline(message, decoder, () => undefined); // an error arrives where the decoder is read
  return decoder;
}

function makeDecoder(encoding: string | undefined) {
  if (encoding === 'gzip' || encoding === 'x-gzip' || encoding === 'deflate') return createUnzip();
  if (encoding === 'br') return createBrotliDecompress();
  if (encoding === 'zstd') return createZstdDecompress();
  return undefined;
}
