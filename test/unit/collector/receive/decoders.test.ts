import { describe, expect, it } from 'vitest';
import * as json from '../../../../collector/receive/json.ts';
import {
  attributeDepthMax,
  type AnyValue,
  MalformedBody,
  OversizedBody,
  requestLimits,
} from '../../../../collector/receive/otlp.ts';
import * as protobuf from '../../../../collector/receive/protobuf.ts';
import {
  attributesOf,
  encodeJson,
  encodeMessage,
  encodeProtobuf,
  logsOf,
  tracesOf,
  type WireAttribute,
  type WireLogRecord,
  type WireSpan,
  type WireValue,
} from '../../../support/otlp-encode.ts';

const traceId = '0102030405060708090a0b0c0d0e0f10';
const spanId = '1112131415161718';
const startTimeUnixNano = '1795376864718189541';
const minimal: WireSpan = { traceId, spanId, startTimeUnixNano };

/** Both decoders have one contract: what is true of one encoding is true of the other. */
const decoders = [
  ['protobuf', protobuf, encodeProtobuf],
  ['json', json, encodeJson],
] as const;

describe.each(decoders)('%s', (encoding, { decodeTraces, decodeLogs, countDataPoints }, encode) => {
  const decodeSpan = (span: WireSpan) => {
    const { items, rejects } = decodeTraces(encode(tracesOf([span])));
    expect(rejects).toEqual([]);
    return items[0];
  };
  const decodeValue = (value: WireValue) =>
    decodeSpan({ ...minimal, attributes: [{ key: 'k', value }] })?.attributes.get('k');

  it('reads every field of a span', () => {
    const request = tracesOf(
      [
        {
          traceId,
          spanId,
          traceState: 'vendor=1',
          parentSpanId: 'ffffffffffffffff',
          flags: 0xffff_ffff,
          name: 'chat gpt-4o',
          kind: 3,
          startTimeUnixNano,
          endTimeUnixNano: '1795376864718189999',
          attributes: attributesOf({ a: 'text', b: 7 }),
          droppedAttributesCount: 1,
          events: [{ timeUnixNano: '5', name: 'e', attributes: attributesOf({ x: true }), droppedAttributesCount: 2 }],
          droppedEventsCount: 3,
          links: [
            {
              traceId: 'ab'.repeat(16),
              spanId: 'cd'.repeat(8),
              traceState: 'l=1',
              attributes: attributesOf({ y: 'z' }),
              droppedAttributesCount: 4,
              flags: 257,
            },
          ],
          droppedLinksCount: 4_000_000_000,
          status: { code: 2, message: 'no' },
        },
      ],
      {
        resource: attributesOf({ 'service.name': 'shop' }),
        scope: { name: 's', version: '1.2', attributes: attributesOf({ q: 'w' }) },
      },
    );
    const { items, rejects } = decodeTraces(encode(request));
    expect(rejects).toEqual([]);
    expect(items.map(withPlainIds)).toEqual([
      {
        resource: new Map([['service.name', 'shop']]),
        scope: { name: 's', version: '1.2', attributes: new Map([['q', 'w']]) },
        traceId,
        spanId,
        parentSpanId: 'ffffffffffffffff',
        traceState: 'vendor=1',
        flags: 0xffff_ffff,
        name: 'chat gpt-4o',
        kind: 3,
        startTimeUnixNano: 1795376864718189541n,
        endTimeUnixNano: 1795376864718189999n,
        attributes: new Map<string, AnyValue>([
          ['a', 'text'],
          ['b', 7n],
        ]),
        droppedAttributesCount: 1,
        events: [{ timeUnixNano: 5n, name: 'e', attributes: new Map([['x', true]]), droppedAttributesCount: 2 }],
        droppedEventsCount: 3,
        links: [
          {
            traceId: 'ab'.repeat(16),
            spanId: 'cd'.repeat(8),
            traceState: 'l=1',
            attributes: new Map([['y', 'z']]),
            droppedAttributesCount: 4,
            flags: 257,
          },
        ],
        droppedLinksCount: 4_000_000_000,
        statusCode: 2,
        statusMessage: 'no',
      },
    ]);
  });

  it('reads every field of a log record that is stored', () => {
    const record: WireLogRecord = {
      traceId,
      spanId,
      timeUnixNano: '1',
      observedTimeUnixNano: '18446744073709551615',
      severityNumber: 9,
      severityText: 'INFO',
      eventName: 'gen_ai.choice',
      body: { kvlistValue: { values: attributesOf({ index: 0 }) } },
      attributes: attributesOf({ a: 1 }),
      flags: 1,
    };
    const { items, rejects } = decodeLogs(encode(logsOf([record], { name: 'scope' })));
    expect(rejects).toEqual([]);
    expect(items.map(withPlainIds)).toEqual([
      {
        resource: new Map(),
        scope: { name: 'scope', version: '', attributes: new Map() },
        traceId,
        spanId,
        timeUnixNano: 1n,
        observedTimeUnixNano: 18446744073709551615n,
        severityNumber: 9,
        eventName: 'gen_ai.choice',
        body: new Map([['index', 0n]]),
        attributes: new Map([['a', 1n]]),
      },
    ]);
  });

  it('takes what is absent as empty', () => {
    const span = decodeSpan(minimal);
    expect(span?.parentSpanId).toHaveLength(0);
    expect(span).toMatchObject({
      name: '',
      kind: 0,
      flags: 0,
      endTimeUnixNano: 0n,
      events: [],
      links: [],
      statusCode: 0,
      statusMessage: '',
    });
    expect(decodeTraces(encode({ resourceSpans: [] }))).toEqual({ items: [], places: [], rejects: [] });
  });

  it.each([
    ['int64 at its ends', { intValue: '-9223372036854775808' }, -9223372036854775808n],
    ['int64 at its ends', { intValue: '9223372036854775807' }, 9223372036854775807n],
    ['an int beyond 2^53', { intValue: '9007199254740993' }, 9007199254740993n],
    ['zero', { intValue: '0' }, 0n],
    ['a negative int', { intValue: '-1' }, -1n],
    ['a double without a fraction', { doubleValue: 5 }, 5],
    ['the smallest double', { doubleValue: 5e-324 }, 5e-324],
    ['a large double', { doubleValue: 1.7976931348623157e308 }, 1.7976931348623157e308],
    ['text', { stringValue: 'ü😀\0\n' }, 'ü😀\0\n'],
    ['empty text', { stringValue: '' }, ''],
    ['false', { boolValue: false }, false],
    ['nothing', {}, null],
    ['an empty list', { arrayValue: {} }, []],
    ['an empty key-value list', { kvlistValue: {} }, new Map()],
    [
      'nested lists',
      { arrayValue: { values: [{ intValue: '1' }, { arrayValue: { values: [{}, { stringValue: 'x' }] } }] } },
      [1n, [null, 'x']],
    ],
    [
      'nested key-value lists',
      { kvlistValue: { values: [{ key: 'a', value: { kvlistValue: { values: [{ key: '', value: {} }] } } }] } },
      new Map([['a', new Map([['', null]])]]),
    ],
  ] satisfies [string, WireValue, AnyValue][])('keeps %s', (_what, sent, kept) => {
    expect(decodeValue(sent)).toEqual(kept);
  });

  it('keeps bytes', () => {
    const bytes = Uint8Array.from([0, 255, 1, 128]);
    const kept = decodeValue({ bytesValue: Buffer.from(bytes).toString('base64') });
    expect(kept).toBeInstanceOf(Uint8Array);
    expect(Array.from(kept as Uint8Array)).toEqual(Array.from(bytes));
  });

  it('keeps a key called __proto__ an ordinary key', () => {
    const span = decodeSpan({
      ...minimal,
      attributes: [
        { key: '__proto__', value: { stringValue: 'x' } },
        { key: 'c', value: { kvlistValue: { values: [{ key: '__proto__', value: { boolValue: true } }] } } },
      ],
    });
    expect(span?.attributes.get('__proto__')).toBe('x');
    expect(span?.attributes.get('c')).toEqual(new Map([['__proto__', true]]));
    expect(({} as Record<string, unknown>)['c']).toBeUndefined();
  });

  it('keeps the last of two attributes with one key', () => {
    const span = decodeSpan({
      ...minimal,
      attributes: [
        { key: 'k', value: { intValue: 1 } },
        { key: 'k', value: { intValue: 2 } },
      ],
    });
    expect(span?.attributes).toEqual(new Map([['k', 2n]]));
  });

  it('keeps values down to the depth limit and rejects the span below it', () => {
    expect(decodeValue(nested(attributeDepthMax))).toBeDefined();
    const { items, rejects } = decodeTraces(
      encode(tracesOf([minimal, withValue(nested(attributeDepthMax + 1)), minimal])),
    );
    expect(items).toHaveLength(2);
    expect(rejects).toEqual([
      {
        place: { list: 'resourceSpans[0].scopeSpans[0].spans', index: 1 },
        reason: `an attribute value is nested deeper than ${attributeDepthMax} levels`,
      },
    ]);
  });

  it('ends a body nested ten thousand levels deep without a stack overflow', () => {
    const { items, rejects } = decodeTraces(deepBody(encoding, 10_000));
    expect(items).toHaveLength(0);
    expect(rejects).toHaveLength(1);
  });

  it('says where each item stood, so that a fault found later can be named', () => {
    const request = {
      resourceSpans: [
        { scopeSpans: [{ spans: [minimal] }] },
        { scopeSpans: [{ spans: [] }, { spans: [minimal, withValue(nested(attributeDepthMax + 1)), minimal] }] },
      ],
    };
    const { places, rejects } = decodeTraces(encode(request));
    expect(places).toEqual([
      { list: 'resourceSpans[0].scopeSpans[0].spans', index: 0 },
      { list: 'resourceSpans[1].scopeSpans[1].spans', index: 0 },
      { list: 'resourceSpans[1].scopeSpans[1].spans', index: 2 },
    ]);
    expect(rejects.map(({ place }) => place)).toEqual([{ list: 'resourceSpans[1].scopeSpans[1].spans', index: 1 }]);
    const logs = logsOf([{ traceId }, { traceId }]);
    expect(decodeLogs(encode(logs)).places).toEqual([
      { list: 'resourceLogs[0].scopeLogs[0].logRecords', index: 0 },
      { list: 'resourceLogs[0].scopeLogs[0].logRecords', index: 1 },
    ]);
  });

  it('refuses a body of more items than a request may hold', () => {
    expect(() => decodeTraces(emptySpans(encoding, requestLimits.items + 1))).toThrow(OversizedBody);
  });

  it('refuses a body of more values than a request may hold', () => {
    const tooMany = encoding === 'json' ? requestLimits.jsonTokens / 2 : requestLimits.values;
    expect(() => decodeTraces(emptyAttributes(encoding, tooMany))).toThrow(OversizedBody);
    expect(decodeTraces(emptyAttributes(encoding, 50_000)).items).toHaveLength(1);
  });

  it.each(['resource', 'scope'] as const)('refuses a body whose %s would be stored too often', (where) => {
    const megabyte = attributesOf({ a: 'x'.repeat(1024 * 1024) });
    const body = (count: number) => {
      const spans = Array.from({ length: count }, () => minimal);
      return encode(
        tracesOf(spans, where === 'resource' ? { resource: megabyte } : { scope: { attributes: megabyte } }),
      );
    };
    expect(decodeTraces(body(127)).items).toHaveLength(127);
    expect(() => decodeTraces(body(128))).toThrow(
      'the body holds more than 134217728 bytes of resources and scopes, counted for each of their items; send smaller requests',
    );
  });

  it('counts the data points of metrics', () => {
    const metrics = {
      resourceMetrics: [
        {
          scopeMetrics: [
            {
              metrics: [
                { name: 'a', gauge: { dataPoints: [{ asDouble: 1 }, { asDouble: 2 }] } },
                { name: 'b', sum: { dataPoints: [{ asDouble: 1 }] } },
                { name: 'c', histogram: {} },
              ],
            },
          ],
        },
      ],
    };
    const body = encoding === 'json' ? Buffer.from(JSON.stringify(metrics)) : encodeMessage('MetricsData', metrics);
    expect(countDataPoints(body)).toBe(3);
  });

  it.each([
    ['text', Buffer.from('hello')],
    ['half a body', encode(tracesOf([minimal])).subarray(0, -7)],
    ['bytes that are neither', Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])],
  ])('throws MalformedBody on %s', (_what, body) => {
    expect(() => decodeTraces(body)).toThrow(MalformedBody);
    expect(() => decodeLogs(body)).toThrow(MalformedBody);
    expect(() => countDataPoints(body)).toThrow(MalformedBody);
  });
});

function withValue(value: WireValue): WireSpan {
  const attributes: WireAttribute[] = [{ key: 'deep', value }];
  return { ...minimal, attributes };
}

/** A value with `depth` lists around it. */
function nested(depth: number): WireValue {
  let value: WireValue = { stringValue: 'x' };
  for (let level = 0; level < depth; level += 1) {
    value = level % 2 === 0 ? { arrayValue: { values: [value] } } : { kvlistValue: { values: [{ key: 'k', value }] } };
  }
  return value;
}

function emptySpans(encoding: 'protobuf' | 'json', count: number): Buffer {
  if (encoding === 'json') {
    return Buffer.from(`{"resourceSpans":[{"scopeSpans":[{"spans":[${'{},'.repeat(count - 1)}{}]}]}]}`);
  }
  return field(1, field(2, Buffer.alloc(2 * count, Buffer.from([0x12, 0x00]))));
}

/** One span. */
function emptyAttributes(encoding: 'protobuf' | 'json', count: number): Buffer {
  if (encoding === 'json') {
    const attributes = `${'{},'.repeat(count - 1)}{}`;
    return Buffer.from(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[${attributes}]}]}]}]}`);
  }
  return field(1, field(2, field(2, Buffer.alloc(2 * count, Buffer.from([0x4a, 0x00])))));
}

function deepBody(encoding: 'protobuf' | 'json', depth: number): Buffer {
  if (encoding === 'json') {
    const value = '{"arrayValue":{"values":['.repeat(depth) + '{}' + ']}}'.repeat(depth);
    return Buffer.from(
      `{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"k","value":${value}}]}]}]}]}`,
    );
  }
  let bytes: Buffer = Buffer.alloc(0);
  // AnyValue { array_value = 5 { values = 1 { … } } }, then KeyValue.value = 2, Span.attributes = 9 and the frame around it.
  for (let level = 0; level < depth; level += 1) bytes = field(5, field(1, bytes));
  for (const number of [2, 9, 2, 2, 1]) bytes = field(number, bytes);
  return bytes;
}

/** A length-delimited field. */
function field(number: number, content: Buffer): Buffer {
  const length: number[] = [];
  let rest = content.length;
  for (; rest > 127; rest >>>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length, rest]), content]);
}

function withPlainIds(item: object): object {
  return Object.fromEntries(
    Object.entries(item).map(([key, value]: [string, unknown]) => {
      if (value instanceof Uint8Array) return [key, Buffer.from(value).toString('hex')];
      return [key, Array.isArray(value) ? value.map((entry: object) => withPlainIds(entry)) : value];
    }),
  );
}
