import { describe, expect, it } from 'vitest';
import { decodeLogs, decodeTraces } from '../../../../collector/receive/json.ts';
import { MalformedBody, type OtlpSpan } from '../../../../collector/receive/otlp.ts';

const ids = '"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"1112131415161718"';

/** Decodes one span whose fields are given as JSON text: numbers stay as they were written. */
function decodeFields(fields: string): { span: OtlpSpan | undefined; reason: string | undefined } {
  const body = `{"resourceSpans":[{"scopeSpans":[{"spans":[{${fields}}]}]}]}`;
  const { items, rejects } = decodeTraces(Buffer.from(body));
  expect(items.length + rejects.length).toBe(1);
  return { span: items[0], reason: rejects[0]?.reason };
}

function decodeValue(value: string) {
  return decodeFields(`${ids},"attributes":[{"key":"k","value":${value}}]`);
}

describe('OTLP/JSON', () => {
  it.each(['ABCDEF0123456789', 'abcdef0123456789', 'aBcDeF0123456789'])('reads the id %s in any case', (id) => {
    expect(Buffer.from(decodeFields(`"spanId":"${id}"`).span?.spanId ?? []).toString('hex')).toBe('abcdef0123456789');
  });

  it.each(['"1795376864718189541"', '1795376864718189541'])('reads nanoseconds from %s without loss', (time) => {
    expect(decodeFields(`${ids},"startTimeUnixNano":${time}`).span?.startTimeUnixNano).toBe(1795376864718189541n);
  });

  it.each([
    ['3', 3],
    ['"3"', 3],
    ['"SPAN_KIND_CLIENT"', 3],
    ['"CLIENT"', 3],
    ['null', 0],
  ])('reads the kind %s', (kind, number) => {
    expect(decodeFields(`${ids},"kind":${kind}`).span?.kind).toBe(number);
  });

  it.each([
    ['2', 2],
    ['"STATUS_CODE_ERROR"', 2],
    ['"STATUS_CODE_OK"', 1],
  ])('reads the status code %s', (code, number) => {
    expect(decodeFields(`${ids},"status":{"code":${code}}`).span?.statusCode).toBe(number);
  });

  it('reads camelCase names only', () => {
    const { span } = decodeFields(`${ids},"start_time_unix_nano":"5","parent_span_id":"1112131415161718"`);
    expect(span).toMatchObject({ startTimeUnixNano: 0n });
    expect(span?.parentSpanId).toHaveLength(0);
    expect(decodeTraces(Buffer.from('{"resource_spans":[{}]}')).items).toEqual([]);
  });

  it('passes over fields it does not know', () => {
    const { span } = decodeFields(`${ids},"name":"n","future":{"x":[1,{"y":null}]},"entityRefs":[]`);
    expect(span?.name).toBe('n');
  });

  it('takes null for a field that is not set', () => {
    const { span, reason } = decodeFields(
      `${ids},"name":null,"attributes":null,"events":null,"links":null,"status":null,"flags":null,"endTimeUnixNano":null`,
    );
    expect(reason).toBeUndefined();
    expect(span).toMatchObject({ name: '', events: [], links: [], statusCode: 0, flags: 0, endTimeUnixNano: 0n });
    expect(decodeValue('{"stringValue":null,"intValue":"7"}').span?.attributes.get('k')).toBe(7n);
    expect(decodeValue('null').span?.attributes.get('k')).toBeNull();
  });

  it.each([
    ['{"intValue":9007199254740993}', 9007199254740993n],
    ['{"intValue":"-0"}', 0n],
    ['{"intValue":5.0}', 5n],
    ['{"doubleValue":"NaN"}', NaN],
    ['{"doubleValue":"Infinity"}', Infinity],
    ['{"doubleValue":"-Infinity"}', -Infinity],
    ['{"doubleValue":"1.5"}', 1.5],
    ['{"doubleValue":-0.0}', -0],
    ['{"doubleValue":5.0}', 5],
    ['{"doubleValue":12345678901234567890}', Number('12345678901234567890')],
    ['{"stringValue":"\\ud800"}', '\ud800'],
    ['{"stringValue":"a","stringValue":"b"}', 'b'],
    ['{"bytesValue":""}', Buffer.alloc(0)],
    ['{"unknownValue":1}', null],
  ])('reads the value %s', (value, kept) => {
    const { span, reason } = decodeValue(value);
    expect(reason).toBeUndefined();
    expect(span?.attributes.get('k')).toEqual(kept);
  });

  it.each([
    ['{"intValue":"9223372036854775808"}', /64-bit integer/],
    ['{"intValue":"-9223372036854775809"}', /64-bit integer/],
    ['{"intValue":1.5}', /64-bit integer/],
    ['{"intValue":""}', /64-bit integer/],
    ['{"intValue":{}}', /64-bit integer/],
    ['{"doubleValue":"five"}', /doubleValue is not a number/],
    ['{"doubleValue":""}', /doubleValue is not a number/],
    ['{"doubleValue":true}', /doubleValue is not a number/],
    ['{"doubleValue":{"toString":1,"valueOf":1}}', /doubleValue is not a number/],
    ['{"boolValue":"true"}', /boolValue/],
    ['{"stringValue":7}', /stringValue is not a string/],
    ['{"arrayValue":{"values":{}}}', /arrayValue.values is not a list/],
    ['{"kvlistValue":{"values":[7]}}', /attributes is not a list of objects/],
    ['"text"', /not an object such as/],
    ['12345678901234567890', /not an object such as/],
  ])('rejects the span with the value %s', (value, reason) => {
    expect(decodeValue(value).reason).toMatch(reason);
  });

  it.each([
    ['"flags":12345678901234567890', /flags is not a whole number/],
    ['"flags":{"toString":1,"valueOf":1}', /flags is not a whole number/],
    ['"flags":4294967296', /flags is not a whole number/],
    ['"droppedEventsCount":-1', /droppedEventsCount is not a whole number/],
    ['"droppedLinksCount":true', /droppedLinksCount is not a whole number/],
    ['"droppedAttributesCount":[]', /droppedAttributesCount is not a whole number/],
    ['"kind":"SPAN_KIND_ROBOT"', /kind "SPAN_KIND_ROBOT" is none of UNSPECIFIED, INTERNAL/],
    ['"traceId":"xyz"', /traceId is not hexadecimal/],
    ['"spanId":"123"', /spanId is not hexadecimal/],
    ['"traceId":7', /traceId is not a string/],
    ['"startTimeUnixNano":"-5"', /startTimeUnixNano is not a number of nanoseconds/],
    ['"startTimeUnixNano":1.5', /startTimeUnixNano is not a number of nanoseconds/],
    ['"endTimeUnixNano":"18446744073709551616"', /endTimeUnixNano is not a number of nanoseconds/],
    ['"name":{}', /name is not a string/],
    ['"attributes":{}', /attributes is not a list of objects/],
    ['"events":[null]', /events is not a list of objects/],
    ['"links":[{"traceId":"z"}]', /links.traceId is not hexadecimal/],
  ])('rejects the span with %s', (field, reason) => {
    expect(decodeFields(field).reason).toMatch(reason);
  });

  it('rejects one malformed span of three and keeps its neighbours', () => {
    const body = `{"resourceSpans":[{"scopeSpans":[{"spans":[{${ids},"name":"a"},7,{${ids},"name":"c"}]}]}]}`;
    const { items, places, rejects } = decodeTraces(Buffer.from(body));
    expect(items.map(({ name }) => name)).toEqual(['a', 'c']);
    expect(places.map(({ index }) => index)).toEqual([0, 2]);
    expect(rejects).toEqual([
      { reason: 'not a JSON object', place: { list: 'resourceSpans[0].scopeSpans[0].spans', index: 1 } },
    ]);
  });

  it.each([
    ['an array', '[]'],
    ['a number', '12345678901234567890'],
    ['null', 'null'],
    ['nothing', ''],
    ['a list that is none', '{"resourceSpans":{}}'],
    ['a list of numbers', '{"resourceSpans":[1]}'],
    ['scopes that are no list', '{"resourceSpans":[{"scopeSpans":7}]}'],
    ['spans that are no list', '{"resourceSpans":[{"scopeSpans":[{"spans":{}}]}]}'],
    ['a resource that cannot be read', '{"resourceSpans":[{"resource":{"attributes":[7]}}]}'],
    ['a scope that cannot be read', '{"resourceSpans":[{"scopeSpans":[{"scope":{"name":7}}]}]}'],
  ])('throws MalformedBody on %s', (_what, body) => {
    expect(() => decodeTraces(Buffer.from(body))).toThrow(MalformedBody);
  });

  it('throws MalformedBody on invalid UTF-8', () => {
    const body = Buffer.concat([Buffer.from('{"x":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    expect(() => decodeTraces(body)).toThrow(MalformedBody);
  });

  it('names the group of a body that it refuses', () => {
    const body = '{"resourceSpans":[{},{"scopeSpans":[{"scope":{"name":7}}]}]}';
    expect(() => decodeTraces(Buffer.from(body))).toThrow('resourceSpans[1].scopeSpans[0]: scope.name is not a string');
  });

  it('keeps a log body of any type', () => {
    const body = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"x"}},{"body":{}},{"body":null},{}]}]}]}`;
    expect(decodeLogs(Buffer.from(body)).items.map((record) => record.body)).toEqual(['x', null, null, null]);
  });
});
