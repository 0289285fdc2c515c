import { expect, test } from 'vitest';
import { type EventSink, openEventStream } from '../../../../runtime/door/event-stream.ts';

const decoder = new TextDecoder();

function open() {
  let leaves = 0;
  let sink: EventSink | undefined;
  const stream = openEventStream(
    (opened) => (sink = opened),
    () => (leaves += 1),
  );
  if (sink === undefined) throw new Error('the stream was not started');
  return { sink, reader: stream.getReader(), leaves: () => leaves };
}

test('events come as they are sent, and the end behind them', async () => {
  const { sink, reader, leaves } = open();
  sink.send('{"n":1}');
  sink.send('[DONE]');
  sink.close();
  const texts: string[] = [];
  for (let next = await reader.read(); !next.done; next = await reader.read()) texts.push(decoder.decode(next.value));
  expect(texts.join('')).toBe('data: {"n":1}\n\ndata: [DONE]\n\n');
  expect(leaves()).toBe(0);
});

test('what is sent after the client has left, or after the end, is nobody’s', async () => {
  const left = open();
  await left.reader.cancel();
  expect(left.leaves()).toBe(1);
  left.sink.send('late');
  left.sink.close();
  left.sink.close();

  const ended = open();
  ended.sink.close();
  ended.sink.send('late');
  expect((await ended.reader.read()).done).toBe(true);
  expect(ended.leaves()).toBe(0);
});

test('a client that does not read is let go, and what it did not read is not kept', async () => {
  const { sink, reader, leaves } = open();
  const event = 'x'.repeat(1_000_000);
  for (let sent = 0; sent < 20; sent += 1) sink.send(event);
  expect(leaves()).toBe(1);
  await expect(reader.read()).rejects.toThrow('the client reads too slowly: more than 8 MiB wait for it');
});
