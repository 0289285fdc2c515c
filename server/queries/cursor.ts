import { z } from 'zod';
import { ApiError } from '../contract/errors.ts';

const maxInt64 = 2n ** 63n - 1n;

const int64 = z
  .string()
  .regex(/^\d{1,19}$/)
  .refine((digits) => BigInt(digits) <= maxInt64);

/** Where a page ended: the sort it belongs to, the window it was read in and the last row's key, which is unique. */
const cursorSchema = z.strictObject({
  sort: z.string().max(20),
  from: int64,
  to: int64,
  /** The sort value of the last row, and its start. */
  value: int64,
  start: int64,
  /** Hex id or ids that break ties. */
  id: z.string().regex(/^[0-9a-f]+$/),
});
export type Cursor = z.infer<typeof cursorSchema>;

export function encodeCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

/** Throws `invalid_cursor` unless it is one that this list gave out in this sort order; its ids have `idLength` hex digits. */
export function decodeCursor(text: string, { sort, idLength }: { sort: string; idLength: number }): Cursor {
  const parsed = cursorSchema.safeParse(parseJson(Buffer.from(text, 'base64url').toString('utf8')));
  if (!parsed.success || (parsed.data.sort === sort && parsed.data.id.length !== idLength)) {
    throw new ApiError('invalid_cursor', '`cursor` is not one that this list gave out; begin again without it');
  }
  if (parsed.data.sort !== sort) {
    const message = `\`cursor\` belongs to another list or sort order (${parsed.data.sort}); begin again without it`;
    throw new ApiError('invalid_cursor', message);
  }
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
