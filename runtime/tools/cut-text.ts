/** Text in the bytes it may take, cut between characters, with a notice of what is missing. */
export function cutText(text: string, bytesMax: number): { text: string; cutFromBytes?: number } {
  const totalBytes = Buffer.byteLength(text);
  if (totalBytes <= bytesMax) return { text };
  const kept = decodeStart(Buffer.from(text).subarray(0, bytesMax), 'utf-8');
  return { text: kept + cutNotice({ keptBytes: bytesMax, totalBytes }), cutFromBytes: totalBytes };
}

/** What follows a text that was cut. */
export function cutNotice(size: { keptBytes: number; totalBytes: number; isAtLeast?: boolean }): string {
  const total = `${size.isAtLeast === true ? 'more than ' : ''}${size.totalBytes.toLocaleString('en-US')}`;
  return `\n[cut here: these are the first ${size.keptBytes.toLocaleString('en-US')} of ${total} bytes]`;
}

/** The beginning of a text; a last character that is not whole is left out. An unknown encoding is read as UTF-8. */
export function decodeStart(bytes: Uint8Array, encoding: string): string {
  return makeDecoder(encoding).decode(bytes, { stream: true });
}

function makeDecoder(encoding: string): TextDecoder {
  try {
    return new TextDecoder(encoding);
  } catch {
    return new TextDecoder();
  }
}
