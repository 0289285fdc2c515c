import { hash as digest } from 'node:crypto';
import { tryParseJson } from '../../lossless-json.ts';
import { isPart } from '../message.ts';
import type { MessageSink } from '../message-sink.ts';
import { previewInput } from '../preview.ts';
import { type Bucket, type EncodedMessage, hashBody, isFromUser, messageBody, messageRole } from '../store-messages.ts';
import { DigestMap } from './digest-map.ts';
import type { ListReader } from './list-reader.ts';
import { PrefixCache, prefixMinBytes } from './prefix-cache.ts';
import { type ListPlaces, newPlaces, splitList } from './split-list.ts';

/** Bytes of a text, valid UTF-8. */
export interface TextPlace {
  bytes: Buffer;
  from: number;
  to: number;
}

/** What is known of a message's text without reading it again. */
export interface KnownText {
  hash: Buffer;
  role: string;
  isFromUser: boolean;
  /** As `previewInput` has it of this message alone. */
  preview: string;
  isPart: boolean;
  /** The text is stored as it was sent. */
  isVerbatim: boolean;
}

/** What a list of messages gives a span. */
export interface StoredList {
  messages: readonly KnownText[];
  userMessageCount: number;
  lastUser: KnownText | undefined;
  inputPreview: string;
}

/** Lists of one conversation that begin differently are of different agents. */
const beginningBytes = 256;
/** Tool definitions and instructions are fewer than messages, and larger. */
const wholesMax = 2_048;

/**
 * Stores lists of messages that come as JSON text, and remembers what its elements are: a history that is sent with every
 * call is compared, not read again. What it gives and stores is what `storeMessages` would of the same list.
 */
export class MessageLists {
  readonly #texts = new Map<number, DigestMap<KnownText>>();
  readonly #wholes = new Map<string, DigestMap<readonly { hash: Buffer }[]>>();
  readonly #prefixes: PrefixCache<KnownText>;
  readonly #places = newPlaces();

  constructor(limits: { prefixBytes?: number } = {}) {
    this.#prefixes = new PrefixCache(limits.prefixBytes);
  }

  /** Undefined where the text is no such list; nothing was stored then. */
  store(text: TextPlace, reader: ListReader, bucket: Bucket, sink: MessageSink): StoredList | undefined {
    const { bytes, to } = text;
    const from = skipSpace(bytes, text.from, to);
    if (bytes[from] !== 0x5b) return undefined;
    const key = to - from >= prefixMinBytes ? keyOf(bytes, from, bucket) * 4 + reader.id : undefined;
    const prefix = key === undefined ? undefined : this.#prefixes.find(key, bytes, from, to);
    const list: OpenList = {
      ...{ bytes, from, to, reader },
      places: prefix?.places ?? (key === undefined ? this.#shortPlaces() : newPlaces()),
      elements: prefix?.elements ?? [],
      bodies: new Map(),
    };
    const { count, tokens } = list.places;
    const end = this.#read(list, prefix?.length ?? 0);
    if (end < 0) {
      list.places.count = count;
      list.places.tokens = tokens;
      list.elements.length = count;
      return undefined;
    }
    this.#add(list, bucket, sink);
    if (key !== undefined) this.#prefixes.keep(key, { bytes, from, to: end }, { ...list, known: prefix });
    return describe(list.elements);
  }

  /**
   * Stores what an attribute says as a whole, such as tool definitions. `read` is called where the text was not seen before
   * under its `kind`, or is stored nowhere in the bucket.
   */
  storeWhole(
    { bytes, from, to }: TextPlace,
    read: { kind: string; messages: () => readonly EncodedMessage[] },
    bucket: Bucket,
    sink: MessageSink,
  ): readonly { hash: Buffer }[] {
    const known = mapOf(this.#wholes, read.kind, wholesMax);
    const key = digestOf(bytes, from, to);
    const seen = known.get(key);
    sink.enter(bucket);
    const needed = seen?.map(({ hash }) => sink.needs(hash));
    if (seen !== undefined && needed?.includes(true) === false) return seen;
    const messages = read.messages();
    for (const [index, { role, body, hash }] of messages.entries()) {
      if (needed === undefined ? sink.needs(hash) : needed[index] === true) sink.add(role, body, hash);
    }
    const hashes = messages.map(({ hash }) => ({ hash }));
    if (seen === undefined) known.set(key, hashes);
    return hashes;
  }

  /** Of a list that is not kept. */
  #shortPlaces(): ListPlaces {
    this.#places.count = 0;
    this.#places.tokens = 1;
    return this.#places;
  }

  /** Where the list ends, with all elements read; -1 where it is none. */
  #read(list: OpenList, readBytes: number): number {
    const { bytes, from, to, reader, places, elements } = list;
    const next = from + readBytes;
    const end =
      bytes[next] === 0x5d && readBytes > 0 ? next : splitList(bytes, { list: from, from: next + 1, to }, places);
    if (end < 0 || skipSpace(bytes, end + 1, to) !== to) return -1;
    while (elements.length < places.count) {
      const known = this.#readElement(list, elements.length);
      if (known === undefined) return -1;
      elements.push(known);
    }
    return reader.joinsParts && elements.every(({ isPart }) => isPart) ? -1 : end;
  }

  #readElement(list: OpenList, index: number): KnownText | undefined {
    const { bytes, from, reader, places, bodies } = list;
    const texts = mapOf(this.#texts, reader.id);
    const start = from + (places.starts[index] ?? 0);
    const end = from + (places.ends[index] ?? 0);
    const key = digestOf(bytes, start, end);
    const known = texts.get(key);
    if (known !== undefined) return known;
    const sent = bytes.toString('utf8', start, end);
    const value = tryParseJson(sent);
    if (value === undefined) return undefined;
    const message = reader.read(value);
    const body = messageBody(message);
    const isVerbatim = body === sent;
    const fresh: KnownText = {
      hash: isVerbatim ? key : hashBody(body),
      role: messageRole(message),
      isFromUser: isFromUser(message),
      preview: previewInput([message]),
      isPart: isPart(value),
      isVerbatim,
    };
    if (!isVerbatim) bodies.set(index, body);
    texts.set(key, fresh);
    return fresh;
  }

  #add({ bytes, from, reader, places, elements, bodies }: OpenList, bucket: Bucket, sink: MessageSink): void {
    sink.enter(bucket);
    for (let index = 0; index < elements.length; index += 1) {
      const known = elements[index];
      if (known === undefined || !sink.needs(known.hash)) continue;
      const start = from + (places.starts[index] ?? 0);
      const end = from + (places.ends[index] ?? 0);
      if (known.isVerbatim) sink.addBytes(known.role, bytes, { from: start, to: end }, known.hash);
      else {
        const body =
          bodies.get(index) ?? messageBody(reader.read(tryParseJson(bytes.toString('utf8', start, end)) ?? null));
        sink.add(known.role, body, known.hash);
      }
    }
  }
}

/** A list that is being read. */
interface OpenList extends TextPlace {
  reader: ListReader;
  places: ListPlaces;
  elements: KnownText[];
  /** Of elements that were read just now and are stored in other words than they came in. */
  bodies: Map<number, string>;
}

function describe(messages: readonly KnownText[]): StoredList {
  let userMessageCount = 0;
  let lastUser: KnownText | undefined;
  let inputPreview = '';
  for (const known of messages) {
    if (known.isFromUser) {
      userMessageCount += 1;
      lastUser = known;
    }
    if (known.preview !== '') inputPreview = known.preview;
  }
  return { messages, userMessageCount, lastUser, inputPreview };
}

function mapOf<Key, Value>(maps: Map<Key, DigestMap<Value>>, key: Key, max?: number): DigestMap<Value> {
  let map = maps.get(key);
  if (map === undefined) maps.set(key, (map = new DigestMap(max)));
  return map;
}

function digestOf(bytes: Buffer, from: number, to: number): Buffer {
  return digest('sha256', bytes.subarray(from, to), 'buffer').subarray(0, 16);
}

/** Of a list of the conversation that begins so; lists that share a key are compared anyway. */
function keyOf(bytes: Buffer, from: number, { conversation }: Bucket): number {
  let key = 0;
  for (let at = 0; at < conversation.length; at += 1) key = mixed(key, conversation.charCodeAt(at));
  for (let at = from; at < from + beginningBytes; at += 1) key = mixed(key, bytes[at] ?? 0);
  return key;
}

function mixed(key: number, value: number): number {
  const product = Math.imul(key ^ value, 0x5bd1e995);
  return product ^ (product >>> 15);
}

function skipSpace(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09)) at += 1;
  return at;
}
