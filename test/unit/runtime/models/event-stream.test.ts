import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventParser } from '../../../../runtime/models/event-stream.ts';

function parse(chunks: readonly string[]): [string, string][] {
  const events: [string, string][] = [];
  const parser = new EventParser((data, event) => events.push([event, data]));
  for (const chunk of chunks) parser.push(chunk);
  parser.end();
  return events;
}

const stream =
  ': a comment\n\nevent: message_start\ndata: {"a": 1}\n\r\ndata:{"b":2}\r\n\r\nid: 7\nretry: 10\ndata: first\ndata: second\n\ndata: [DONE]\n\n';
const events = [
  ['message_start', '{"a": 1}'],
  ['', '{"b":2}'],
  ['', 'first\nsecond'],
  ['', '[DONE]'],
];

test('events are taken apart: names, several lines of data, comments, both line ends', () => {
  expect(parse([stream])).toEqual(events);
});

test('it does not matter where the stream is cut into pieces', () => {
  const cuts = fc.array(fc.integer({ min: 0, max: stream.length }), { maxLength: 12 });
  fc.assert(
    fc.property(cuts, (places) => {
      const sorted = [0, ...places.toSorted((a, b) => a - b), stream.length];
      const pieces = sorted.slice(1).map((end, i) => stream.slice(sorted[i], end));
      expect(parse(pieces)).toEqual(events);
    }),
  );
  expect(parse(stream.split(''))).toEqual(events);
});

test('the last event counts without the empty line behind it', () => {
  expect(parse(['data: [DONE]'])).toEqual([['', '[DONE]']]);
  expect(parse(['data: a\n\ndata: [DONE]\n'])).toEqual([
    ['', 'a'],
    ['', '[DONE]'],
  ]);
});

test('an event without data is none, and gives its name to no other', () => {
  expect(parse(['event: ping\n\ndata: a\n\n'])).toEqual([['', 'a']]);
});

test('an event without end is refused at its limit, in time that grows with its length only', () => {
  const parser = new EventParser(() => undefined);
  const chunk = 'x'.repeat(1_000_000);
  parser.push('data: ');
  expect(() => {
    for (let i = 0; i < 17; i += 1) parser.push(chunk);
  }).toThrow(/longer than 16000000 characters/);
});
