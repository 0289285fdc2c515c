import { expect, it } from 'vitest';
import { compactJson, maybeText, readContentType } from '../../../../runtime/tools/body-text.ts';
import { cutText } from '../../../../runtime/tools/cut-text.ts';
import { readRetryAfter, retryDelay } from '../../../../runtime/tools/retry-delay.ts';

it('cuts between characters and tells the true size', () => {
  expect(cutText('abc', 3)).toEqual({ text: 'abc' });
  expect(cutText('aé€😀', 9)).toEqual({
    text: 'aé€\n[cut here: these are the first 9 of 10 bytes]',
    cutFromBytes: 10,
  });
  expect(cutText('😀', 1)).toEqual({ text: '\n[cut here: these are the first 1 of 4 bytes]', cutFromBytes: 4 });
});

it.each([
  ['{ "a" : [ 1 , 2 ] }\n', '{"a":[1,2]}'],
  ['{"a b": "c \\" d  "}', '{"a b":"c \\" d  "}'],
  ['[1.0, 1e5, 10000000000000000000001]', '[1.0,1e5,10000000000000000000001]'],
  ['{"cut": "in the  mid', '{"cut":"in the  mid'],
  ['{"cut": "at \\', '{"cut":"at \\'],
  ['[ "\\\\", " a" , "\\\\\\" b" ]', '["\\\\"," a","\\\\\\" b"]'],
])('takes the spaces out of %s', (text, compact) => {
  expect(compactJson(text)).toBe(compact);
});

it.each(['x', '\\n', '\\"', ' '])('takes the spaces out around a string of millions of %j', (part) => {
  const long = part.repeat(4_000_000);
  expect(compactJson(`{ "a" : "${long}" }`) === `{"a":"${long}"}`).toBe(true);
});

it.each([
  ['text/html; charset=utf-8', true],
  ['application/json', true],
  ['application/vnd.api+json', true],
  ['application/x-ndjson', true],
  ['image/svg+xml', false],
  ['application/xml', true],
  ['application/pdf', false],
  ['application/octet-stream', false],
  [undefined, true],
])('%s may be text: %s', (header, expected) => {
  expect(maybeText(readContentType(header))).toBe(expected);
});

it('reads the encoding of a content type', () => {
  expect(readContentType('Text/Plain; Charset="ISO-8859-1"')).toEqual({ type: 'text/plain', charset: 'ISO-8859-1' });
});

it('waits longer with every try, up to a bound, and as long as it is told', () => {
  const wait = (attempts: number, retryAfterMs?: number) => retryDelay({ attempts, retryAfterMs, random: () => 0 });
  expect([1, 2, 3, 4, 10].map((attempts) => wait(attempts))).toEqual([250, 500, 1_000, 2_000, 5_000]);
  expect(retryDelay({ attempts: 10, retryAfterMs: undefined, random: () => 1 })).toBe(10_000);
  expect(wait(1, 20_000)).toBe(20_000);
  expect(wait(1, 30_001)).toBeUndefined();
});

it.each([
  ['3', 3_000],
  ['1.5', 1_500],
  ['Thu, 01 Jan 1970 00:00:12 GMT', 2_000],
  ['Thu, 01 Jan 1970 00:00:01 GMT', 0],
  ['soon', undefined],
  [undefined, undefined],
])('reads Retry-After %s', (header, expected) => {
  expect(readRetryAfter(header, 10_000)).toBe(expected);
});
