import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';

/** Limits of contract: a body above either is answered 413. */
export const bodyLimits = { compressedBytes: 32 * 1024 * 1024, decompressedBytes: 64 * 1024 * 1024 } as const;

export const contentEncodings = ['identity', 'gzip', 'deflate'] as const;

/** Why a body was not taken: too large, in an encoding that is not known, or not what its encoding says. */
export class BodyError extends Error {
  readonly status: 400 | 413 | 415;

  constructor(status: 400 | 413 | 415, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.status = status;
  }
}

const decompress = { gzip: promisify(gunzip), deflate: promisify(inflate) };

/**
 * The request's body, decompressed. Reads no further than the limits, whatever Content-Length says.
 * @throws BodyError
 */
export async function readBody(request: Request): Promise<Uint8Array> {
  const encoding = (request.headers.get('content-encoding') ?? 'identity').trim().toLowerCase();
  if (encoding !== 'identity' && encoding !== '' && encoding !== 'gzip' && encoding !== 'deflate') {
    throw new BodyError(415, `Content-Encoding "${encoding.slice(0, 40)}" is none of ${contentEncodings.join(', ')}`);
  }
  const body = await readLimited(request, bodyLimits.compressedBytes);
  if (encoding === 'identity' || encoding === '') return body;
  try {
    return await decompress[encoding](body, { maxOutputLength: bodyLimits.decompressedBytes });
  } catch (error) {
    if (error instanceof RangeError) {
      throw new BodyError(
        413,
        `the body is larger than ${String(bodyLimits.decompressedBytes)} bytes once decompressed`,
        { cause: error },
      );
    }
    throw new BodyError(400, `the body is not valid ${encoding}`, { cause: error });
  }
}

async function readLimited(request: Request, limitBytes: number): Promise<Uint8Array> {
  const tooLarge = () => new BodyError(413, `the body is larger than ${String(limitBytes)} bytes`);
  if (Number(request.headers.get('content-length') ?? 0) > limitBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > limitBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, length);
}
