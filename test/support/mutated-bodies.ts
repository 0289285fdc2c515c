import { gunzipSync } from 'node:zlib';
import { loadCaptures, readCaptureBody, type CaptureRequest } from './captures.ts';
import { mix } from './load-random.ts';
import { createDice, type Dice } from './mutation/dice.ts';
import { mutateBytes } from './mutation/mutate-bytes.ts';
import { mutateJsonText } from './mutation/mutate-json.ts';
import { mutateProtobuf } from './mutation/mutate-protobuf.ts';
import { decodeMessage, encodeJson, encodeProtobuf, type WireLogs, type WireTraces } from './otlp-encode.ts';

/** A request body that a sender might send, decompressed. */
export interface SeedBody {
  signal: 'traces' | 'logs';
  encoding: 'protobuf' | 'json';
  bytes: Buffer;
}

/** A spoilt one. `name` (`SEED/INDEX`) is enough to make it again: `mutatedBody(seed, index)`. */
export interface MutatedBody extends SeedBody {
  name: string;
}

/**
 * Bodies made of the captures by changing their fields, values, text, lengths, nesting and bytes; the same for the same
 * seed, each independent of those before it. About half of them still hold items that are stored.
 *
 *     for (const { name, signal, encoding, bytes } of mutatedBodies(seed, { count: 10_000 })) {
 *       expect(fast(signal, encoding, bytes), name).toEqual(slow(signal, encoding, bytes));
 *     }
 *
 * Times are those of the captures (November 2026), beside a few that are out of any bounds.
 */
export function* mutatedBodies(
  seed: number,
  { from = 0, count = Infinity }: { from?: number; count?: number } = {},
): Generator<MutatedBody> {
  for (let index = from; index < from + count; index += 1) yield mutatedBody(seed, index);
}

/** The one with this index. */
export function mutatedBody(seed: number, index: number): MutatedBody {
  const dice = createDice(mix(seed, index));
  const all = seedBodies();
  const chosen = dice.pickAny(all);
  const other = dice.pickAny(
    all.filter(({ signal, encoding }) => signal === chosen?.signal && encoding === chosen.encoding),
  );
  if (chosen === undefined || other === undefined) throw new Error('there are no captures');
  return { ...chosen, bytes: spoil(chosen, other.bytes, dice), name: `${String(seed)}/${String(index)}` };
}

function spoil({ signal, encoding, bytes }: SeedBody, other: Buffer, dice: Dice): Buffer {
  let spoilt = bytes;
  const byFields = dice.chance(0.85);
  if (byFields && encoding === 'protobuf') {
    spoilt = mutateProtobuf(signal === 'traces' ? 'TracesData' : 'LogsData', bytes, other, dice);
  } else if (byFields) {
    spoilt = Buffer.from(mutateJsonText(bytes.toString(), other.toString(), dice) ?? '');
  }
  return !byFields || dice.chance(0.1) ? mutateBytes(spoilt, other, dice) : spoilt;
}

let known: SeedBody[] | undefined;

/** The captures' bodies, whole and with one item each, all in both encodings. */
export function seedBodies(): readonly SeedBody[] {
  known ??= loadCaptures().flatMap(({ requests }) => requests.flatMap(bodiesOf));
  return known;
}

function bodiesOf(request: CaptureRequest): SeedBody[] {
  const sent = readCaptureBody(request);
  const bytes = request.content_encoding === 'gzip' ? gunzipSync(sent) : sent;
  const { signal } = request;
  const encoding = request.content_type.includes('json') ? 'json' : 'protobuf';
  const type = signal === 'traces' ? 'TracesData' : 'LogsData';
  const whole = (encoding === 'json' ? JSON.parse(bytes.toString()) : bytesToText(decodeMessage(type, bytes))) as
    WireTraces | WireLogs;
  return [
    { signal, encoding, bytes },
    ...singles(whole).flatMap((single): SeedBody[] => [
      { signal, encoding: 'json', bytes: encodeJson(single) },
      { signal, encoding: 'protobuf', bytes: encodeProtobuf(single) },
    ]),
  ];
}

/** The same items, a request each. */
function singles(request: WireTraces | WireLogs): (WireTraces | WireLogs)[] {
  if ('resourceSpans' in request) {
    return request.resourceSpans.flatMap(({ scopeSpans, ...resource }) =>
      scopeSpans.flatMap(({ spans, ...scope }) =>
        spans.map((span) => ({ resourceSpans: [{ ...resource, scopeSpans: [{ ...scope, spans: [span] }] }] })),
      ),
    );
  }
  return request.resourceLogs.flatMap(({ scopeLogs, ...resource }) =>
    scopeLogs.flatMap(({ logRecords, ...scope }) =>
      logRecords.map((record) => ({
        resourceLogs: [{ ...resource, scopeLogs: [{ ...scope, logRecords: [record] }] }],
      })),
    ),
  );
}

const idNames = new Set(['traceId', 'spanId', 'parentSpanId']);

/** What protobufjs decoded, in the JSON form of OTLP. */
function bytesToText(value: unknown, name = ''): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString(idNames.has(name) ? 'hex' : 'base64');
  if (Array.isArray(value)) return value.map((entry) => bytesToText(entry));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, bytesToText(entry, key)]));
}
