import type { Json } from '../lossless-json.ts';

/** One message, attribute value or tool payload is kept up to this size; the rest is cut, with its true size. */
export const payloadLimitBytes = 1024 * 1024;

/** What a cut text ends with: `…[cut: 5242880 bytes in all]`. */
export function cutMarker(bytes: number): string {
  return `…[cut: ${String(bytes)} bytes in all]`;
}

/** The text, or its beginning with the marker when it is longer than `limitBytes` in UTF-8. */
export function cutText(text: string, limitBytes: number = payloadLimitBytes): string {
  if (fitsPayload(text, limitBytes)) return text;
  // The first `limitBytes` UTF-16 units hold at least as many bytes: a text of megabytes is not copied for its beginning.
  const start = Buffer.from(text.slice(0, limitBytes)).subarray(0, limitBytes).toString('utf8');
  let end = start.length;
  // Half a character, or what was none before. No regular expression: those take the square of a run that is not at the end.
  while (start.charCodeAt(end - 1) === 0xfffd) end -= 1;
  return start.slice(0, end) + cutMarker(Buffer.byteLength(text));
}

/** Names that columns and maps keep once each (`LowCardinality`) are short in earnest; a longer one is cut. */
export const nameLimitBytes = 4096;

/** A name, or its beginning with the marker. */
export function cutName(name: string): string {
  return cutText(name, nameLimitBytes);
}

/**
 * JSON text of the value within the limit: its long strings are cut, each with the marker; a value that is too large for
 * other reasons becomes `{"cut": "<its beginning>"}`. The result is always valid JSON.
 */
export function cutJson(value: Json, limitBytes: number = payloadLimitBytes): string {
  const whole = JSON.stringify(value);
  if (fitsPayload(whole, limitBytes)) return whole;
  for (const share of stringShares) {
    const shorter = JSON.stringify(cutStrings(value, Math.floor(limitBytes / share)));
    if (fitsPayload(shorter, limitBytes)) return shorter;
  }
  return JSON.stringify({ cut: cutText(whole, limitBytes / 4) });
}

/** The events of one span are kept up to this size as JSON, and so are its links. */
export const listLimitBytes = 4 * 1024 * 1024;

/** A JSON list of the items that come first and fit, '' of none, and how many do not. */
export function cutList<Item>(
  items: readonly Item[],
  encode: (item: Item) => string,
  limitBytes: number = listLimitBytes,
): { json: string; dropped: number } {
  const kept: string[] = [];
  let bytes = 2;
  for (const item of items) {
    const encoded = encode(item);
    bytes += Buffer.byteLength(encoded) + 1;
    if (bytes > limitBytes) break;
    kept.push(encoded);
  }
  return { json: kept.length === 0 ? '' : `[${kept.join(',')}]`, dropped: items.length - kept.length };
}

/** True for a text of at most so many bytes in UTF-8. */
export function fitsPayload(text: string, limitBytes: number = payloadLimitBytes): boolean {
  return text.length * 3 <= limitBytes || (text.length <= limitBytes && Buffer.byteLength(text) <= limitBytes);
}

/** Of the limit, what one string may keep: tried in order, as each try costs a pass over the value. */
const stringShares = [4, 16, 64, 256];

function cutStrings(value: Json, limitBytes: number): Json {
  if (typeof value === 'string') return cutText(value, limitBytes);
  if (Array.isArray(value)) return value.map((entry) => cutStrings(entry, limitBytes));
  if (typeof value === 'object' && value !== null && !JSON.isRawJSON(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, cutStrings(entry, limitBytes)]));
  }
  return value;
}
