import { Writer } from 'protobufjs/minimal.js';
import { describe, expect, it } from 'vitest';
import { MalformedBody } from '../../../../collector/receive/otlp.ts';
import { decodeLogs, decodeTraces } from '../../../../collector/receive/protobuf.ts';

const lengthDelimited = 2;

/** A request of one resource and one scope that holds the given spans, each the bytes of a Span message. */
function requestOf(...spans: Uint8Array[]): Uint8Array {
  return message((body) => {
    body.uint32(tag(1)).bytes(
      message((resource) => {
        resource.uint32(tag(2)).bytes(
          message((scope) => {
            for (const span of spans) scope.uint32(tag(2)).bytes(span);
          }),
        );
      }),
    );
  });
}

function message(write: (writer: Writer) => void): Uint8Array {
  const writer = Writer.create();
  write(writer);
  return writer.finish();
}

function tag(field: number, wireType = lengthDelimited): number {
  return (field << 3) | wireType;
}

function named(name: string): Uint8Array {
  return message((span) => span.uint32(tag(5)).string(name));
}

describe('OTLP/protobuf', () => {
  it('skips unknown fields of every wire type, groups included', () => {
    const span = message((writer) => {
      writer.uint32(tag(99, 0)).uint64(2 ** 40);
      writer.uint32(tag(99, 1)).fixed64(1);
      writer.uint32(tag(99)).string('future');
      writer.uint32(tag(99, 3)).uint32(tag(1, 0)).uint32(1).uint32(tag(99, 4));
      writer.uint32(tag(99, 5)).fixed32(1);
      writer.uint32(tag(5)).string('kept');
    });
    expect(decodeTraces(requestOf(span)).items.map(({ name }) => name)).toEqual(['kept']);
  });

  it('skips a known field that has another wire type', () => {
    const span = message((writer) => {
      writer.uint32(tag(5, 0)).uint32(7); // name as varint
      writer.uint32(tag(7, 0)).uint32(7); // start time as varint
      writer.uint32(tag(6)).string('kind');
      writer.uint32(tag(1, 5)).fixed32(7); // trace id as fixed32
    });
    expect(decodeTraces(requestOf(span)).items).toMatchObject([{ name: '', startTimeUnixNano: 0n, kind: 0 }]);
  });

  it('takes the last of a field that comes twice', () => {
    const span = message((writer) => writer.uint32(tag(5)).string('a').uint32(tag(5)).string('b'));
    expect(decodeTraces(requestOf(span)).items[0]?.name).toBe('b');
  });

  it('reads a resource that stands behind its spans', () => {
    const body = message((writer) => {
      writer.uint32(tag(1)).bytes(
        message((resource) => {
          resource.uint32(tag(2)).bytes(message((scope) => scope.uint32(tag(2)).bytes(named('a'))));
          resource.uint32(tag(1)).bytes(
            message((attributes) => {
              attributes.uint32(tag(1)).bytes(message((pair) => pair.uint32(tag(1)).string('key')));
            }),
          );
        }),
      );
    });
    expect(decodeTraces(body).items[0]?.resource).toEqual(new Map([['key', null]]));
  });

  it.each([
    ['a length beyond its end', message((span) => span.uint32(tag(5)).uint32(100))],
    ['half a fixed64', Uint8Array.from([tag(7, 1), 1, 2, 3])],
    ['an attribute longer than it', message((span) => span.uint32(tag(9)).uint32(50).uint32(tag(1)).string('k'))],
    ['a varint that its attribute cuts off', Uint8Array.from([tag(9), 3, tag(2), 1, tag(3, 0), 0x80, 0x01])],
    ['a varint without an end', Uint8Array.from([tag(6, 0), ...new Array<number>(11).fill(0xff)])],
    ['an unknown wire type', Uint8Array.from([tag(5, 7)])],
    ['an end of a group that never began', Uint8Array.from([tag(5, 4)])],
    ['groups in groups', new Uint8Array(10_000).fill(tag(15, 3))],
    ['field number 0', Uint8Array.from([0])],
  ])('rejects a span with %s and keeps its neighbours', (_what, broken) => {
    const { items, rejects } = decodeTraces(requestOf(named('a'), broken, named('c')));
    expect(items.map(({ name }) => name)).toEqual(['a', 'c']);
    expect(rejects).toEqual([
      { reason: 'not a readable message', place: { list: 'resourceSpans[0].scopeSpans[0].spans', index: 1 } },
    ]);
  });

  it('turns invalid UTF-8 into U+FFFD', () => {
    const span = message((writer) => writer.uint32(tag(5)).bytes(Uint8Array.from([0x61, 0xff, 0xc3, 0x62])));
    expect(decodeTraces(requestOf(span)).items[0]?.name).toBe('a��b');
  });

  it('reads an enum that was sent as a negative number', () => {
    const span = message((writer) => writer.uint32(tag(6, 0)).int32(-1));
    expect(decodeTraces(requestOf(span)).items).toMatchObject([{ kind: 0xffff_ffff }]);
  });

  it('keeps -0, NaN and the infinities', () => {
    const values = [-0, NaN, Infinity, -Infinity];
    const span = message((writer) => {
      values.forEach((value, index) => {
        const any = message((inner) => inner.uint32(tag(4, 1)).double(value));
        writer
          .uint32(tag(9))
          .bytes(message((pair) => pair.uint32(tag(1)).string(String(index)).uint32(tag(2)).bytes(any)));
      });
    });
    expect([...(decodeTraces(requestOf(span)).items[0]?.attributes.values() ?? [])]).toEqual(values);
  });

  it('reads no bytes as an empty request', () => {
    expect(decodeTraces(new Uint8Array(0))).toEqual({ items: [], places: [], rejects: [] });
    expect(decodeLogs(new Uint8Array(0)).items).toEqual([]);
  });

  it('throws MalformedBody where a frame is broken', () => {
    expect(() => decodeTraces(message((body) => body.uint32(tag(1)).uint32(100)))).toThrow(MalformedBody);
    expect(() => decodeTraces(Uint8Array.from([tag(1), 2, tag(2), 5]))).toThrow(MalformedBody);
  });
});
