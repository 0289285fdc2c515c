import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import { freeBytes } from '../free-bytes.ts';
import { BodyRooms } from './body-rooms.ts';

/** Limits of contract: a body above either of the first two is answered 413. */
export const bodyLimits = {
  compressedBytes: 32 * 1024 * 1024,
  decompressedBytes: 64 * 1024 * 1024,
  /** Bodies being received at one time, all connections and ports together; above it a request is answered 429. */
  receivingBytes: 256 * 1024 * 1024,
  /** A piece of a body counts as at least so many of them: each is an object, and a sender may send single bytes. */
  pieceBytes: 256,
  /** A body whose length is told is put together as it comes, where all these together are no more. Others keep their pieces. */
  toldBytes: 128 * 1024 * 1024,
  /** A body must have come within this; Node's own limit is five minutes. */
  receiveMs: 60_000,
  /** Compressed bodies unpacked at one time, all ports together: each may become `decompressedBytes`. Others wait. */
  unpacking: 2,
  /** Compressed bodies that wait for that; above it a request is answered 429. */
  waitingToUnpack: 512,
} as const;

const contentEncodings = ['identity', 'gzip', 'deflate'] as const;

/** Why a body was not taken: too large, in an encoding that is not known, not what its encoding says, or one too many. */
export class BodyError extends Error {
  readonly status: 400 | 413 | 415 | 429;

  constructor(status: 400 | 413 | 415 | 429, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.status = status;
  }
}

const decompress = { gzip: promisify(gunzip), deflate: promisify(inflate) };

/** What a sender is told that came while too much was being received. */
export const crowdedMessage = 'too many bodies are being received; try again';

/** Counts the bytes of bodies that have not come whole, and lets few be unpacked at a time, all ports together. */
export class ReceivingBudget {
  readonly #limitBytes: number;
  readonly #waiting: (() => void)[] = [];
  readonly #rooms = new BodyRooms();
  #unpacking = 0;
  #bytes = 0;
  #toldBytes = 0;

  constructor(limitBytes: number = bodyLimits.receivingBytes) {
    this.#limitBytes = limitBytes;
  }

  /** What has come of bodies that are not whole. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds what has come; false when that is too much: the body that is being received is given up. */
  add(bytes: number): boolean {
    this.#bytes += bytes;
    return this.#bytes <= this.#limitBytes;
  }

  /** A body has come whole or was given up. */
  release(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** Room for a body of the length that its sender tells, which may be a lie; undefined where too much was told. */
  makeRoom(toldBytes: number): Buffer | undefined {
    if (!(toldBytes > 0) || this.#toldBytes + toldBytes > bodyLimits.toldBytes) return undefined;
    this.#toldBytes += toldBytes;
    return this.#rooms.lend(toldBytes); // new memory is taken as it is filled
  }

  /** The body of the length that was told has come whole or was given up. */
  releaseTold(toldBytes: number): void {
    this.#toldBytes -= toldBytes;
  }

  /** The body is not read any more: its room is for another. */
  reuse(body: Uint8Array): void {
    this.#rooms.takeBack(body);
  }

  /**
   * Runs what unpacks a body when it is its turn.
   * @throws BodyError 429 where too many wait already
   */
  async unpack<T>(run: () => Promise<T>): Promise<T> {
    if (this.#unpacking < bodyLimits.unpacking) this.#unpacking += 1;
    else if (this.#waiting.length >= bodyLimits.waitingToUnpack) throw new BodyError(429, crowdedMessage);
    else await new Promise<void>((resume) => this.#waiting.push(resume));
    try {
      return await run();
    } finally {
      // The turn goes to the next in line.
      const next = this.#waiting.shift();
      if (next === undefined) this.#unpacking -= 1;
      else next();
    }
  }
}

/** What a piece of a body counts as while it is kept by itself. */
export function weighPiece(bytes: number): number {
  return Math.max(bytes, bodyLimits.pieceBytes);
}

/** Reads request bodies within the limits, whatever their Content-Length says. */
export class BodyReader {
  readonly #limits: Readonly<Record<keyof typeof bodyLimits, number>>;
  readonly #receiving: ReceivingBudget;

  constructor(
    limits: Partial<Record<keyof typeof bodyLimits, number>> = {},
    receiving: ReceivingBudget = new ReceivingBudget(limits.receivingBytes),
  ) {
    this.#receiving = receiving;
    this.#limits = { ...bodyLimits, ...limits };
  }

  /**
   * The request's body, decompressed. `incoming` is the same request as Node has it: its body comes without the copy that
   * a web stream makes of every piece.
   * @throws BodyError
   */
  async read(request: Request, incoming?: Readable): Promise<Uint8Array> {
    const encoding = (request.headers.get('content-encoding') ?? '').trim().toLowerCase() || 'identity';
    if (encoding !== 'identity' && encoding !== 'gzip' && encoding !== 'deflate') {
      throw new BodyError(415, `Content-Encoding "${encoding.slice(0, 40)}" is none of ${contentEncodings.join(', ')}`);
    }
    const body = await this.#receive(request, incoming);
    if (encoding === 'identity') return body;
    const unpacked = await this.#decompress(encoding, body);
    this.reuse(body);
    return unpacked;
  }

  /** Call when nobody reads the body any more; not to call it costs nothing but that its memory is not used again. */
  reuse(body: Uint8Array): void {
    this.#receiving.reuse(body);
  }

  async #receive(request: Request, incoming: Readable | undefined): Promise<Uint8Array> {
    const limit = this.#limits.compressedBytes;
    const tooLarge = () => new BodyError(413, `the body is larger than ${String(limit)} bytes`);
    const told = Number(request.headers.get('content-length') ?? 0);
    if (told > limit) throw tooLarge();
    const room = Number.isSafeInteger(told) ? this.#receiving.makeRoom(told) : undefined;
    const pieces: Uint8Array[] = [];
    let length = 0;
    let weight = 0;
    try {
      for await (const piece of piecesOf(request, incoming)) {
        const bytes = piece.length;
        weight += weighPiece(bytes);
        const hasRoom = this.#receiving.add(weighPiece(bytes));
        if (length + bytes > limit) throw tooLarge();
        if (!hasRoom) throw new BodyError(429, crowdedMessage);
        if (room === undefined) pieces.push(piece);
        else room.set(piece, length);
        // Node makes each piece for us alone; those of a web stream may be somebody's own.
        if (room !== undefined && incoming !== undefined) freeBytes(piece);
        length += bytes;
      }
    } catch (error) {
      if (room !== undefined) this.reuse(room);
      if (error instanceof BodyError) throw error;
      throw new BodyError(400, 'the body ended early', { cause: error });
    } finally {
      this.#receiving.release(weight);
      if (room !== undefined) this.#receiving.releaseTold(told);
    }
    if (room !== undefined) return room.subarray(0, length);
    return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces, length);
  }

  async #decompress(encoding: keyof typeof decompress, body: Uint8Array): Promise<Uint8Array> {
    const limit = this.#limits.decompressedBytes;
    const hasRoom = this.#receiving.add(body.length); // until it is its turn
    try {
      if (!hasRoom) throw new BodyError(429, crowdedMessage);
      return await this.#receiving.unpack(() => decompress[encoding](body, { maxOutputLength: limit }));
    } catch (error) {
      if (error instanceof BodyError) throw error;
      if (error instanceof RangeError) {
        throw new BodyError(413, `the body is larger than ${String(limit)} bytes once decompressed`, { cause: error });
      }
      throw new BodyError(400, `the body is not valid ${encoding}`, { cause: error });
    } finally {
      this.#receiving.release(body.length);
    }
  }
}

/** A request that is given up stays open for its answer. */
function piecesOf(request: Request, incoming: Readable | undefined): AsyncIterable<Uint8Array> {
  const pieces = incoming?.iterator({ destroyOnReturn: false }) ?? request.body ?? [];
  return pieces as AsyncIterable<Uint8Array>;
}
