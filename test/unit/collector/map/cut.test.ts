import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Json, parseJson } from '../../../../collector/lossless-json.ts';
import {
  cutJson,
  cutList,
  cutMarker,
  cutName,
  cutText,
  listLimitBytes,
  payloadLimitBytes,
} from '../../../../collector/map/cut.ts';
import type { JsonObject } from '../../../../collector/map/message.ts';
import { mapSpan } from '../../../../collector/map/span.ts';
import { spanOf } from './otlp-fixture.ts';

const bytesOf = (text: string) => Buffer.byteLength(text);

describe('cutText', () => {
  it('keeps a text of the limit and cuts one byte more, with its true size', () => {
    expect(cutText('x'.repeat(100), 100)).toBe('x'.repeat(100));
    expect(cutText('x'.repeat(101), 100)).toBe('x'.repeat(100) + cutMarker(101));
    expect(cutMarker(101)).toBe('…[cut: 101 bytes in all]');
  });

  it.each(['ü', '€', '😀'])('does not cut inside %s', (character) => {
    for (let limit = 10; limit < 20; limit += 1) {
      const kept = cutText(character.repeat(50), limit).replace(/…\[cut.*$/, '');
      expect(kept).toBe(character.repeat(Math.floor(limit / bytesOf(character))));
    }
  });

  it('cuts a text of nothing but broken characters as fast as any other', () => {
    const broken = `${'\uFFFD'.repeat(349_000)}x`;
    expect(cutText(broken + 'y'.repeat(5_000))).toMatch(/^\uFFFD{349000}xy+…\[cut: 1052001 bytes in all\]$/);
    expect(cutText('\uFFFD'.repeat(400_000))).toBe('…[cut: 1200000 bytes in all]');
  });

  it('cuts names short', () => {
    expect(cutName('n'.repeat(4096))).toHaveLength(4096);
    expect(cutName('n'.repeat(1_000_000))).toBe('n'.repeat(4096) + cutMarker(1_000_000));
  });
});

describe('cutList', () => {
  it('keeps the first items that fit and counts the others', () => {
    expect(cutList([], String)).toEqual({ json: '', dropped: 0 });
    expect(cutList([1, 22, 333], String, 9)).toEqual({ json: '[1,22]', dropped: 1 });
    expect(cutList([333_333_333, 1], String, 9)).toEqual({ json: '', dropped: 2 });
  });

  it('bounds the events and links of a span, and says how many were dropped', () => {
    const events = Array.from({ length: 200_000 }, (_, index) => ({ timeUnixNano: '1', name: `e${index}` }));
    const links = Array.from({ length: 100_000 }, () => ({ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) }));
    const { row } = mapSpan(spanOf({}, { events, links, droppedEventsCount: 5 }), 'p');
    for (const text of [row.events, row.links]) expect(text.length).toBeLessThanOrEqual(listLimitBytes);
    expect(JSON.parse(row.events)).toHaveLength(200_005 - row.dropped_events_count);
    expect(JSON.parse(row.links)).toHaveLength(100_000 - row.dropped_links_count);
    expect(row.dropped_links_count).toBeGreaterThan(0);
  });
});

describe('cutJson', () => {
  it('keeps small values as they are, digits included', () => {
    expect(cutJson(parseJson('{"a":[12345678901234567890]}'), 100)).toBe('{"a":[12345678901234567890]}');
  });

  it('cuts long strings and keeps the shape around them', () => {
    const cut = cutJson({ question: 'short', answer: 'x'.repeat(10_000) }, 1000);
    expect(bytesOf(cut)).toBeLessThanOrEqual(1000);
    expect(parseJson(cut)).toEqual({ question: 'short', answer: `${'x'.repeat(250)}${cutMarker(10_000)}` });
  });

  it('becomes its beginning where cutting strings does not help', () => {
    const value = Array.from({ length: 5000 }, (_, index) => index);
    const cut = cutJson(value, 1000);
    expect(bytesOf(cut)).toBeLessThanOrEqual(1000);
    expect(parseJson(cut)).toEqual({ cut: cutText(JSON.stringify(value), 250) });
  });

  it('is valid JSON within the limit, whatever the value', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }),
        fc.integer({ min: 256, max: 2000 }),
        (value, limit) => {
          const cut = cutJson(value as Json, limit);
          expect(() => parseJson(cut)).not.toThrow();
          expect(bytesOf(cut)).toBeLessThanOrEqual(limit);
        },
      ),
    );
  });
});

describe('a span with large payloads', () => {
  const megabytes = 'm'.repeat(3 * payloadLimitBytes);

  it('keeps a megabyte of each, with the marker and the true size', () => {
    const { row } = mapSpan(
      spanOf({
        'gen_ai.tool.call.result': JSON.stringify({ page: megabytes }),
        'gen_ai.tool.call.arguments': megabytes,
        own: megabytes,
        list: [megabytes],
      }),
      'p',
    );
    const marker = cutMarker(megabytes.length);
    expect((JSON.parse(row.tool_result) as { page: string }).page.endsWith(marker)).toBe(true);
    expect((JSON.parse(row.tool_arguments) as string).endsWith(marker)).toBe(true);
    const own = JSON.parse(row.content_attributes.get('own') ?? '') as string;
    expect(own.endsWith(marker)).toBe(true);
    expect(own.length).toBeGreaterThan(payloadLimitBytes - 100);
    expect((JSON.parse(row.content_attributes.get('list') ?? '') as string[])[0]?.endsWith(marker)).toBe(true);
  });

  it.each([
    ['one long part', [{ type: 'text', content: megabytes }]],
    [
      'two parts, one long',
      [
        { type: 'text', content: 'short' },
        { type: 'text', content: megabytes },
      ],
    ],
    ['a long unknown part', [{ type: 'hologram', list: Array.from({ length: 300_000 }, () => 12345678) }]],
    ['many parts', Array.from({ length: 20_000 }, () => ({ type: 'text', content: 'x'.repeat(100) }))],
  ])('keeps a message of %s within the limit', (_what, parts) => {
    const sent = JSON.stringify([{ role: 'user', parts, extra: 'e'.repeat(100) }]);
    const { messages } = mapSpan(spanOf({ 'gen_ai.input.messages': sent }), 'p');
    expect(messages).toHaveLength(1);
    const body = messages[0]?.body ?? '';
    expect(bytesOf(body)).toBeLessThanOrEqual(payloadLimitBytes);
    const message = JSON.parse(body) as { role: string; parts: JsonObject[] };
    expect(message.role).toBe('user');
    expect(message.parts.length).toBeGreaterThan(0);
    for (const part of message.parts) expect(typeof part['type']).toBe('string');
    const cut = message.parts.filter((part) => 'truncated_bytes' in part);
    expect(cut).toHaveLength(1);
  });

  it('keeps a message within the limit whose other fields are too large', () => {
    const sent = JSON.stringify([{ role: 'user', content: 'hi', name: megabytes, extra: megabytes }]);
    const { messages } = mapSpan(spanOf({ 'gen_ai.input.messages': sent }), 'p');
    const body = messages[0]?.body ?? '';
    expect(bytesOf(body)).toBeLessThanOrEqual(payloadLimitBytes);
    expect(JSON.parse(body)).toMatchObject({ role: 'user', parts: [{ type: 'text', content: 'hi' }] });
  });
});
