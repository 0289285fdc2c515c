import type { BatchOutcome } from './insert-batch.ts';
import { type NewContent, type Piece, ReceivedContent } from './received-content.ts';

/** Rows that ClickHouse refuses, and why. */
export interface RefusedPiece<Body> extends Piece<Body> {
  rows: number;
  reason: string;
}

export type ApartOutcome<Body> =
  | { status: 'done'; rows: number; refused: RefusedPiece<Body>[] }
  /** What was found is forgotten: all of it is to be stored again. */
  | { status: 'failed'; error: Error; wasAnswered: boolean }
  | { status: 'late' };

export interface ApartOptions<Body, Told> {
  newContent: NewContent<Body, Told>;
  /** `key` is the same whenever the same rows are tried. */
  insert: (content: ReceivedContent<Body, Told>, key: string) => Promise<BatchOutcome>;
  /** Gives up; never by default. */
  isLate?: (() => boolean) | undefined;
  insertsMax?: number | undefined;
}

/** Stores a batch; what ClickHouse refuses of it costs nobody else. */
export async function storeBodies<Body, Told>(
  content: ReceivedContent<Body, Told>,
  pieces: readonly Piece<Body>[],
  options: ApartOptions<Body, Told>,
): Promise<ApartOutcome<Body>> {
  const { rows } = content;
  const outcome = await options.insert(content, 'all');
  if (outcome.status === 'stored') return { status: 'done', rows, refused: [] };
  if (outcome.status === 'failed') return outcome;
  const placed = pieces.map((piece, place) => ({ ...piece, place }));
  return storeApart({ pieces: placed, rows, reason: outcome.reason }, options);
}

/** A body full of rows that are refused must not become thousands of parts: above it, what is left is refused as it is. */
const insertsMax = 400;

/** A piece and the place of its body in the batch: parts of the batch are told apart by them. */
interface Placed<Body> extends Piece<Body> {
  place: number;
}

interface Group<Body> {
  pieces: readonly Placed<Body>[];
  rows: number;
  reason: string;
}

/**
 * Stores what can be stored of bodies that ClickHouse has refused together: halves them, first by body, then by item, until
 * what is still refused is a single row.
 */
async function storeApart<Body, Told>(
  refused: Group<Body>,
  options: ApartOptions<Body, Told>,
): Promise<ApartOutcome<Body>> {
  const found: RefusedPiece<Body>[] = [];
  const left = [refused];
  let inserts = 0;
  let rows = 0;
  for (let group = left.pop(); group !== undefined; group = left.pop()) {
    const halves = inserts < (options.insertsMax ?? insertsMax) ? halve(group, options.newContent) : undefined;
    if (halves === undefined) found.push(...describe(group, options.newContent));
    const refusedHalves: Group<Body>[] = [];
    for (const pieces of halves ?? []) {
      if (options.isLate?.() === true) return { status: 'late' };
      const tried = await tryPieces(pieces, options);
      inserts += 1;
      if (tried.status === 'failed') return tried;
      if (tried.status === 'stored') rows += tried.rows;
      else refusedHalves.push({ pieces, rows: tried.rows, reason: tried.reason });
    }
    left.push(...refusedHalves.reverse());
  }
  return { status: 'done', rows, refused: found };
}

async function tryPieces<Body, Told>(
  pieces: readonly Placed<Body>[],
  { newContent, insert }: ApartOptions<Body, Told>,
): Promise<BatchOutcome & { rows: number }> {
  const content = new ReceivedContent(newContent);
  for (const piece of pieces) content.append(piece);
  const { rows } = content;
  if (rows === 0) return { status: 'stored', rows };
  return { ...(await insert(content, keyOf(pieces))), rows };
}

/** No other part of the batch has it: under one token two parts would be one, and the second be dropped. */
function keyOf(pieces: readonly Placed<unknown>[]): string {
  const [first, last] = [pieces[0], pieces.at(-1)];
  const range = first?.range === undefined ? '' : `[${String(first.range.from)},${String(first.range.to)})`;
  return `${String(first?.place)}-${String(last?.place)}${range}`;
}

/** Undefined where nothing is left to halve. */
function halve<Body, Told>(
  { pieces, rows }: Group<Body>,
  newContent: NewContent<Body, Told>,
): Placed<Body>[][] | undefined {
  const [first] = pieces;
  if (first === undefined || rows <= 1) return undefined;
  if (pieces.length > 1) {
    const middle = pieces.length >> 1;
    return [pieces.slice(0, middle), pieces.slice(middle)];
  }
  const { from, to } = first.range ?? { from: 0, to: countItems(first, rows, newContent) };
  if (to - from <= 1) return undefined;
  const middle = (from + to) >> 1;
  return [[{ ...first, range: { from, to: middle } }], [{ ...first, range: { from: middle, to } }]];
}

/** At least as many items as the body has: rejected ones are counted among them, but give no rows. */
function countItems<Body, Told>(piece: Piece<Body>, rows: number, newContent: NewContent<Body, Told>): number {
  for (let to = rows; ; to *= 2) {
    if (new ReceivedContent(newContent).append({ ...piece, range: { from: 0, to } }).rows >= rows) return to;
  }
}

function describe<Body, Told>(
  { pieces, rows, reason }: Group<Body>,
  newContent: NewContent<Body, Told>,
): RefusedPiece<Body>[] {
  if (pieces.length === 1) return pieces.map((piece) => ({ ...piece, rows, reason }));
  const each = pieces.map((piece) => ({ ...piece, rows: new ReceivedContent(newContent).append(piece).rows, reason }));
  return each.filter((piece) => piece.rows > 0);
}
