import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../../../../collector/lossless-json.ts';
import { readInputMessages } from '../../../../../collector/map/conventions/gen-ai-content.ts';
import { readPromptMessages } from '../../../../../collector/map/conventions/vercel-ai-messages.ts';
import { findListReader, type ListReader } from '../../../../../collector/map/lists/list-reader.ts';
import { MessageLists } from '../../../../../collector/map/lists/message-lists.ts';
import type { CanonicalMessage } from '../../../../../collector/map/message.ts';
import type { MessageSink } from '../../../../../collector/map/message-sink.ts';
import { previewInput } from '../../../../../collector/map/preview.ts';
import { type Bucket, storeMessages, userMessages } from '../../../../../collector/map/store-messages.ts';
import type { MessageRow } from '../../../../../migrations/schema.ts';

const bucket: Bucket = { projectId: 'p', week: 7, conversation: 'c', seenNs: 5n };

/** Remembers what it was given; knows what it was told to. */
class Sink implements MessageSink {
  readonly added: { conversation: string; role: string; body: string; hash: string }[] = [];
  readonly #known = new Set<string>();
  #conversation = '';

  enter({ conversation }: Bucket): void {
    this.#conversation = conversation;
  }

  needs(hash: Uint8Array): boolean {
    const key = `${this.#conversation} ${hexOf(hash)}`;
    if (this.#known.has(key)) return false;
    this.#known.add(key);
    return true;
  }

  add(role: string, body: string, hash: Uint8Array): void {
    this.added.push({ conversation: this.#conversation, role, body, hash: hexOf(hash) });
  }

  addBytes(role: string, source: Buffer, { from, to }: { from: number; to: number }, hash: Uint8Array): void {
    this.add(role, source.toString('utf8', from, to), hash);
  }

  addRows(rows: readonly MessageRow[]): void {
    for (const { conversation, role, body, hash } of rows) {
      this.enter({ ...bucket, conversation });
      if (this.needs(hash)) this.add(role, body, hash);
    }
  }
}

function hexOf(hash: Uint8Array): string {
  return Buffer.from(hash).toString('hex');
}

/** The list somewhere in a body. */
function placeOf(text: string) {
  const bytes = Buffer.from(`before${text}behind"]`);
  return { bytes, from: 6, to: bytes.length - 8 };
}

type Slow = (text: string) => CanonicalMessage[] | undefined;
const inputMessages = listReaderOf(readInputMessages);
const modelMessages = listReaderOf(readPromptMessages);
const slow = new Map<ListReader, Slow>([
  [inputMessages, readInputMessages],
  [modelMessages, readPromptMessages],
]);

function listReaderOf(read: Slow): ListReader {
  const reader = findListReader(read);
  if (reader === undefined) throw new Error('no list reader');
  return reader;
}

/** What a span gets, and what is stored, the slow way. */
function expected(text: string, reader: ListReader, sink: Sink, at: Bucket) {
  const messages = slow.get(reader)?.(text) ?? [];
  const rows: MessageRow[] = [];
  const hashes = storeMessages(messages, at, rows);
  sink.addRows(rows);
  return { hashes: hashes.map(hexOf), preview: previewInput(messages), ...userMessages(messages, hashes) };
}

function stored(text: string, lists: MessageLists, reader: ListReader, sink: Sink, at: Bucket) {
  const list = lists.store(placeOf(text), reader, at, sink);
  if (list === undefined) return undefined;
  return {
    hashes: list.messages.map(({ hash }) => hexOf(hash)),
    preview: list.inputPreview,
    user_message_count: list.userMessageCount,
    last_user_message: list.lastUser?.hash.readBigUInt64LE() ?? 0n,
  };
}

const word = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.constantFrom('\\', '"', '"]', '\\"', '\n', ' '),
);
const text = fc.oneof(
  word,
  fc.array(word, { maxLength: 20 }).map((words) => words.join('')),
);
const role = fc.constantFrom('user', 'assistant', 'system', 'tool', 'developer', 'Human', 'x', '');
const part = fc.oneof(
  text,
  fc.record({ type: fc.constantFrom('text', 'reasoning', 'other'), content: text }),
  fc.record({ type: fc.constant('tool_call'), id: text, name: text, arguments: fc.oneof(fc.jsonValue(), text) }),
  fc.record({ type: fc.constantFrom('tool_call_response', 'tool-result'), id: text, result: fc.jsonValue() }),
  fc.jsonValue(),
);
const message = fc.oneof(
  { weight: 4, arbitrary: fc.record({ role, parts: fc.array(part, { maxLength: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ role, content: fc.oneof(text, fc.array(part, { maxLength: 3 })) }) },
  { weight: 1, arbitrary: fc.record({ role, parts: fc.array(part), finish_reason: text, name: text }) },
  { weight: 1, arbitrary: part },
);
const space = fc.constantFrom('', '', '', ' ', '\n\t', '\r\n  ');

/** Histories that grow, are repeated, or change somewhere, as JSON in any spacing. */
const histories = fc
  .record({
    messages: fc.array(fc.tuple(message, space), { minLength: 1, maxLength: 30 }),
    cuts: fc.array(fc.nat(30), { minLength: 1, maxLength: 8 }),
    indent: fc.constantFrom(0, 0, 2),
    padding: fc.constantFrom('', 'long '.repeat(1_500)),
    outer: space,
  })
  .map(({ messages, cuts, indent, padding, outer }) =>
    cuts.map((cut, index) => {
      const first =
        padding === '' ? [] : [JSON.stringify({ role: 'system', parts: [{ type: 'text', content: padding }] })];
      const taken = messages.slice(0, index % 4 === 3 ? cut : cut + index);
      const elements = taken.map(([value, gap]) => gap + JSON.stringify(value, null, indent) + gap);
      return `${outer}[${[...first, ...elements].join(',')}]${index % 3 === 2 ? outer : ''}`;
    }),
  );

describe.each([
  ['gen_ai.*', inputMessages],
  ['the AI SDK', modelMessages],
])('lists of messages of %s', (_, reader) => {
  it('give and store what the slow way does, in whatever order they come', () => {
    const lists = new MessageLists({ prefixBytes: 100_000 });
    let readFast = 0;
    fc.assert(
      fc.property(histories, (texts) => {
        const fast = new Sink();
        const slowly = new Sink();
        for (const [index, list] of texts.entries()) {
          const at = { ...bucket, conversation: `c${index % 2}` };
          const added = fast.added.length;
          const got = stored(list, lists, reader, fast, at);
          if (got === undefined) {
            expect(fast.added).toHaveLength(added);
            expected(list, reader, fast, at);
          }
          const want = expected(list, reader, slowly, at);
          if (got !== undefined) {
            readFast += 1;
            expect(got).toEqual(want);
          }
        }
        expect(fast.added).toEqual(slowly.added);
      }),
      { numRuns: 300 },
    );
    expect(readFast).toBeGreaterThan(300);
  });

  it.each([
    '',
    '[]',
    '{}',
    '[1',
    '[1,]',
    '[,1]',
    '[1]]',
    '[1] x',
    '[1 2]',
    '["a]',
    '[{]',
    '[tru]',
    '"a"',
    '[1],',
    ' ',
    '['.repeat(200),
  ])('leave %j alone', (text) => {
    const sink = new Sink();
    expect(stored(text, new MessageLists(), reader, sink, bucket)).toBeUndefined();
    expect(sink.added).toEqual([]);
  });

  it('keep digits, and names that objects have by birth', () => {
    const sink = new Sink();
    const list =
      '[{"role":"user","parts":[{"type":"data","value":{"__proto__":12345678901234567890,"constructor":1.50}}]}]';
    expect(stored(list, new MessageLists(), reader, sink, bucket)).toEqual(expected(list, reader, new Sink(), bucket));
    expect(sink.added[0]?.body).toContain('12345678901234567890');
    expect(parseJson(sink.added[0]?.body ?? '')).toBeDefined();
  });
});

describe('MessageLists', () => {
  const turn = (index: number) =>
    JSON.stringify({ role: 'user', parts: [{ type: 'text', content: `${index} ${'x'.repeat(1_000)}` }] });
  const history = (count: number, from = 0) =>
    `[${Array.from({ length: count }, (_, index) => turn(from + index)).join(',')}]`;

  it('stores again what the sink does not know any more', () => {
    const lists = new MessageLists();
    stored(history(20), lists, inputMessages, new Sink(), bucket);
    const forgetful = new Sink();
    stored(history(21), lists, inputMessages, forgetful, bucket);
    expect(forgetful.added.map(({ body }) => body)).toEqual(Array.from({ length: 21 }, (_, index) => turn(index)));
  });

  it('reads a list anew whose beginning has changed', () => {
    const lists = new MessageLists();
    const sink = new Sink();
    for (const list of [
      history(20),
      history(20).replace('1 xxx', '1 yxx'),
      history(22),
      `${history(20).slice(0, -1)} ]`,
    ]) {
      expect(stored(list, lists, inputMessages, sink, bucket)).toEqual(
        expected(list, inputMessages, new Sink(), bucket),
      );
    }
    expect(sink.added).toHaveLength(23);
  });

  it('is not led astray by a tail that is no list', () => {
    const lists = new MessageLists();
    const sink = new Sink();
    const whole = history(20);
    stored(whole, lists, inputMessages, sink, bucket);
    for (const tail of [',', ',]', ',{]', ',1', '] 1', ',1]]']) {
      expect(stored(whole.slice(0, -1) + tail, lists, inputMessages, sink, bucket)).toBeUndefined();
    }
    expect(sink.added).toHaveLength(20);
    const longer = history(25);
    expect(stored(longer, lists, inputMessages, sink, bucket)).toEqual(
      expected(longer, inputMessages, new Sink(), bucket),
    );
  });

  it('stays within its bounds and right when many conversations take turns', () => {
    const lists = new MessageLists({ prefixBytes: 50_000 });
    const sink = new Sink();
    for (let round = 10; round < 20; round += 1) {
      for (let conversation = 0; conversation < 5; conversation += 1) {
        const list = history(round, conversation * 100);
        const at = { ...bucket, conversation: `c${conversation}` };
        expect(stored(list, lists, inputMessages, sink, at)).toEqual(expected(list, inputMessages, new Sink(), at));
      }
    }
    expect(sink.added).toHaveLength(5 * 19);
  });

  it('remembers a whole by its text and kind, and reads it again only where it is needed', () => {
    const lists = new MessageLists();
    const sink = new Sink();
    let reads = 0;
    const store = (kind: string, conversation: string) =>
      lists.storeWhole(
        placeOf('[1,2]'),
        {
          kind,
          messages: () => {
            reads += 1;
            return ['1', '2', '1'].map((body) => ({ role: kind, body, hash: Buffer.alloc(16, body) }));
          },
        },
        { ...bucket, conversation },
        sink,
      );
    const [first] = [store('a', 'c'), store('a', 'c'), store('a', 'c')];
    expect([reads, first.length, sink.added.length]).toEqual([1, 3, 2]);
    expect(store('a', 'd')).toEqual(first);
    expect([reads, sink.added.length]).toEqual([2, 4]);
    store('b', 'c');
    expect([reads, sink.added.length]).toEqual([3, 4]);
  });
});
