import { embeddedJsonLimits } from '../../lossless-json.ts';

/** The elements of a list: element `n` is the bytes from `starts[n]` to `ends[n]`, counted from the bracket that opens it. */
export interface ListPlaces {
  starts: Uint32Array;
  ends: Uint32Array;
  count: number;
  /** What `measureJson` counts, as far as it was read. */
  tokens: number;
}

export function newPlaces(): ListPlaces {
  return { starts: new Uint32Array(64), ends: new Uint32Array(64), count: 0, tokens: 1 };
}

/** After so many bytes of a string, calling for the search of its end is cheaper than going on. */
const shortString = 24;

/**
 * Finds the elements of the list that begins at `list`, from `from` on, which is behind its bracket or behind a comma, and
 * adds them to `places`. Gives the index of the closing bracket, or -1 where this is no list in JSON or is beyond the limits of embedded
 * JSON; whether each element is JSON shows when it is parsed.
 */
export function splitList(
  bytes: Buffer,
  { list, from, to }: { list: number; from: number; to: number },
  places: ListPlaces,
): number {
  let { tokens } = places;
  let depth = 1;
  let start = -1;
  let end = -1;
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] ?? 0;
    switch (byte) {
      case 0x20:
      case 0x0a:
      case 0x0d:
      case 0x09:
        continue;
      case 0x22: {
        if (start < 0) start = at;
        at = endOfString(bytes, at + 1, to);
        if (at < 0) return -1;
        end = at + 1;
        continue;
      }
      case 0x7b: // {
      case 0x5b: // [
        tokens += 1;
        depth += 1;
        if (depth > embeddedJsonLimits.depth) return -1;
        break;
      case 0x7d: // }
        depth -= 1;
        if (depth < 1) return -1;
        break;
      case 0x5d: // ]
        depth -= 1;
        if (depth === 0) {
          if (start < 0 || tokens > embeddedJsonLimits.tokens) return -1;
          push(places, start - list, end - list);
          places.tokens = tokens;
          return at;
        }
        break;
      case 0x2c: // ,
        tokens += 1;
        if (depth === 1) {
          if (start < 0) return -1;
          push(places, start - list, end - list);
          start = -1;
          continue;
        }
        break;
      default: // part of a number or a word: whether it is one shows when it is parsed
    }
    if (start < 0) start = at;
    end = at + 1;
  }
  return -1;
}

/** Index of the quote that closes the string, or -1. */
function endOfString(bytes: Buffer, from: number, to: number): number {
  let at = from;
  for (const near = Math.min(to, from + shortString); at < near; at += 1) {
    const byte = bytes[at];
    if (byte === 0x22) return at;
    if (byte === 0x5c) at += 1;
  }
  // `at` stands at a character of its own, not behind a backslash.
  const first = at;
  for (at = bytes.indexOf(0x22, first); at >= 0 && at < to; at = bytes.indexOf(0x22, at + 1)) {
    let backslashes = 0;
    while (at - backslashes > first && bytes[at - backslashes - 1] === 0x5c) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return -1;
}

function push(places: ListPlaces, start: number, end: number): void {
  if (places.count === places.starts.length) {
    places.starts = enlarged(places.starts);
    places.ends = enlarged(places.ends);
  }
  places.starts[places.count] = start;
  places.ends[places.count] = end;
  places.count += 1;
}

function enlarged(list: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(list.length * 2);
  larger.set(list);
  return larger;
}
