import type { SpanSkeleton, Turn } from '../api/types.ts';

/** Where the playhead stands: at the beginning of a turn, or at a step of it. */
export interface Position {
  /** Index of the turn. */
  turn: number;
  spanId: string | null;
}

/** A place where the playhead can stand, in the order in which it is read; times in milliseconds after the session began. */
export interface Stop extends Position {
  startMs: number;
  endMs: number;
  /** Null at the beginning of a turn. */
  step: SpanSkeleton | null;
}

const pattern = /^(\d{1,6})(?:\.([0-9a-f]{16}))?$/;

/** Reads `step=12` (the twelfth turn) or `step=12.00f067aa0ba902b7` (a step of it); undefined for anything else. */
export function readPosition(text: string | null): Position | undefined {
  const match = pattern.exec(text ?? '');
  const number = Number(match?.[1] ?? 0);
  return number < 1 ? undefined : { turn: number - 1, spanId: match?.[2] ?? null };
}

/** The twin of `readPosition`. */
export function writePosition({ turn, spanId }: Position): string {
  return spanId === null ? String(turn + 1) : `${turn + 1}.${spanId}`;
}

export function isSamePosition(a: Position, b: Position): boolean {
  return a.turn === b.turn && a.spanId === b.spanId;
}

/** The words a turn began with, in one line; null where nobody spoke. */
export function readTurnWords({ input }: Pick<Turn, 'input'>): string | null {
  const texts = input.flatMap(({ parts }) => parts.flatMap((part) => (part.type === 'text' ? [part.content] : [])));
  // Marks of markdown say nothing in one line.
  const line = texts
    .join(' ')
    .slice(0, 400)
    .replace(/\*\*|`+|^#+\s/gm, '')
    .replace(/\s+/g, ' ')
    .trim();
  return line === '' ? null : line;
}
