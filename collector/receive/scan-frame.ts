/** Where the spans of one scope stand in a body: `[from, to)` pairs, and what they share. */
export interface ScannedScope {
  /** The scope's own bytes; empty where it has none. */
  scope: ByteRange;
  /** Start and end of each span, one after the other. */
  spans: number[];
}

export interface ScannedResource {
  resource: ByteRange;
  scopes: ScannedScope[];
}

export type ByteRange = readonly [at: number, end: number];

const none: ByteRange = [0, 0];

/**
 * Where the spans of a traces request stand, without looking into them. Undefined where anything is not as exporters write
 * it: an unknown field, a cut-off length. The decoder then reads the body, and says what is wrong.
 */
export function scanFrame(body: Buffer): ScannedResource[] | undefined {
  const resources: ScannedResource[] = [];
  const isRead = eachField(body, [0, body.length], (field, range) => {
    const group: ScannedResource = { resource: none, scopes: [] };
    resources.push(group);
    return field === 1 && scanGroup(body, range, group);
  });
  return isRead ? resources : undefined;
}

function scanGroup(body: Buffer, range: ByteRange, group: ScannedResource): boolean {
  return eachField(body, range, (field, part) => {
    if (field === 1) group.resource = part;
    else if (field === 2) {
      const scoped: ScannedScope = { scope: none, spans: [] };
      group.scopes.push(scoped);
      return scanScope(body, part, scoped);
    }
    // The schema's URL.
    return field <= 3;
  });
}

function scanScope(body: Buffer, range: ByteRange, scoped: ScannedScope): boolean {
  return eachField(body, range, (field, part) => {
    if (field === 1) scoped.scope = part;
    else if (field === 2) scoped.spans.push(part[0], part[1]);
    return field <= 3;
  });
}

/** True where all fields are delimited, end where their message ends, and `take` takes each. */
function eachField(body: Buffer, [at, end]: ByteRange, take: (field: number, range: ByteRange) => boolean): boolean {
  let next = at;
  while (next < end) {
    const tag = body[next] ?? 0;
    let length = 0;
    let shift = 0;
    let byte = 0x80;
    for (next += 1; byte >= 0x80; next += 1, shift += 7) {
      if (next >= end || shift > 21) return false;
      byte = body[next] ?? 0;
      length |= (byte & 0x7f) << shift;
    }
    if ((tag & 7) !== 2 || tag >= 0x80 || tag < 8 || length > end - next) return false;
    if (!take(tag >>> 3, [next, next + length])) return false;
    next += length;
  }
  return true;
}
