/** ClickHouse refuses a bound value of more than 128 KiB (`http_max_field_value_size`), as text with quotes and commas. */
const boundBytesMax = 96 * 1024;
const quotesAndComma = 3;

/** A list in parts, each of which can be bound to one query; `textsOf` are the texts that an item adds to any one list. */
export function splitForBinding<Item>(items: readonly Item[], textsOf: (item: Item) => readonly string[]): Item[][] {
  const parts: Item[][] = [];
  let bytes = Infinity;
  for (const item of items) {
    // Escaping can double a text.
    const size = Math.max(...textsOf(item).map((text) => Buffer.byteLength(text) + escapes(text))) + quotesAndComma;
    const last = parts.at(-1);
    if (last === undefined || bytes + size > boundBytesMax) {
      parts.push([item]);
      bytes = size;
    } else {
      last.push(item);
      bytes += size;
    }
  }
  return parts;
}

function escapes(text: string): number {
  return /['\\\n\r\t\0\b\f]/.test(text) ? text.length : 0;
}
