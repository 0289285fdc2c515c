import { describe, expect, test } from 'vitest';
import { readEvents } from '../../../../ui/api/events.ts';

function streamOf(...pieces: readonly (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces)
        controller.enqueue(typeof piece === 'string' ? new TextEncoder().encode(piece) : piece);
      controller.close();
    },
  });
}

async function read(...pieces: readonly (string | Uint8Array)[]): Promise<string[]> {
  const events: string[] = [];
  for await (const data of readEvents(streamOf(...pieces))) events.push(data);
  return events;
}

describe('server-sent events of a request', () => {
  test('are the data of each, whatever ends its lines', async () => {
    expect(await read('data: a\n\ndata:b\r\n\r\ndata: c\r\rdata: d\n\n')).toEqual(['a', 'b', 'c', 'd']);
  });

  test('come whole, wherever the network cut them', async () => {
    const bytes = new TextEncoder().encode('data: {"text":"größer 🎉"}\r\n\r\ndata: 2\r\n\r\n');
    for (let at = 1; at < bytes.length; at += 1) {
      expect(await read(bytes.slice(0, at), bytes.slice(at))).toEqual(['{"text":"größer 🎉"}', '2']);
    }
  });

  test('leave out comments, names and ids, and join several lines of data', async () => {
    expect(await read(': still here\n\nevent: x\nid: 7\ndata: a\ndata: b\n\nretry: 3\n\n')).toEqual(['a\nb']);
  });

  test('leave out what was not ended', async () => {
    expect(await read('data: a\n\ndata: half')).toEqual(['a']);
  });

  test('are given up when one is too long', async () => {
    await expect(read('data: ', 'x'.repeat(5_000_000))).rejects.toThrow('too long');
  });

  test('let go of the connection when the reader stops', async () => {
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode('data: a\n\n')),
      cancel: () => {
        cancelled = true;
      },
    });
    for await (const data of readEvents(endless)) {
      expect(data).toBe('a');
      break;
    }
    expect(cancelled).toBe(true);
  });
});
