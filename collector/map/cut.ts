import type { Json } from '../lossless-json.ts';

/** One message, attribute value or tool payload is kept up to this size; the rest is cut, with its true size. */
export const payloadLimitBytes = 1024 * 1024;

/** What a cut text ends with: `…[cut: 5242880 bytes in all]`. */
export function cutMarker(bytes: number): string {
  return `…[cut: ${String(bytes)} bytes in all]`;
}

/** The text, or its beginning with the marker when it is longer than `limitBytes` in UTF-8. */
export function cutText(text: string, limitBytes: number = payloadLimitBytes): string {
  if (text.length * 3 <= limitBytes) return text;
  const bytes = Buffer.byteLength(text);
  if (bytes <= limitBytes) return text;
  const kept = Buffer.from(text).subarray(0, limitBytes).toString('utf8').replace(/�+$/, '');
  return kept + cutMarker(bytes);
}

/**
 * JSON text of the value within the limit: its long strings are cut, each with the marker; a value that is too large for
 * other reasons becomes `{"cut": "<its beginning>"}`. The result is always valid JSON.
 */
export function cutJson(value: Json, limitBytes: number = payloadLimitBytes): string {
  const whole = JSON.stringify(value);
  if (whole.length * 3 <= limitBytes || Buffer.byteLength(whole) <= limitBytes) return whole;
  for (let perString = limitBytes / 4; perString >= 1024; perString /= 4) {
    const shorter = JSON.stringify(cutStrings(value, perString));
    if (Buffer.byteLength(shorter) <= limitBytes) return shorter;
  }
  return JSON.stringify({ cut: cutText(whole, limitBytes / 4) });
}

function cutStrings(value: Json, limitBytes: number): Json {
  if (typeof value === 'string') return cutText(value, limitBytes);
  if (Array.isArray(value)) return value.map((entry) => cutStrings(entry, limitBytes));
  if (typeof value === 'object' && value !== null && !JSON.isRawJSON(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, cutStrings(entry, limitBytes)]));
  }
  return value;
}
