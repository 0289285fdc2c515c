/** Characters of one event: more is no stream of ours. */
const eventLengthMax = 4 * 1024 * 1024;

/**
 * The `data` of server-sent events, one after the other: what an EventSource reads, for requests that it cannot make (POST).
 * Names, ids and comments are left out. Throws when an event is longer than it may be.
 */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader();
  let rest = '';
  let data: string[] = [];
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      rest += piece.value;
      if (rest.length > eventLengthMax) throw new Error('an event of the stream is too long');
      // A carriage return at the end may be half of a line's end.
      const lines = rest.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line === '') {
          if (data.length > 0) yield data.join('\n');
          data = [];
        } else if (line.startsWith('data:')) data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
