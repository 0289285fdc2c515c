import type { Dice } from './dice.ts';
import { mutateText } from './mutate-json.ts';
import { knownNames, nastyNames } from './nasty.ts';

/** A field as it is written; `content` is the field's message where it holds one, else the bytes of its value. */
interface Field {
  number: number;
  wireType: number;
  content: Buffer | Message;
  /** Added to the length that is written: a lie where it is not 0. */
  lengthOff?: number;
}
interface Message {
  type: string;
  fields: Field[];
}

/** Which fields of OTLP's messages hold messages; what is not named is kept as bytes. */
const nestedTypes: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  TracesData: { 1: 'ResourceSpans' },
  ResourceSpans: { 1: 'Resource', 2: 'ScopeSpans' },
  ScopeSpans: { 1: 'Scope', 2: 'Span' },
  Span: { 9: 'KeyValue', 11: 'Event', 13: 'Link', 15: 'Status' },
  Event: { 3: 'KeyValue' },
  Link: { 4: 'KeyValue' },
  LogsData: { 1: 'ResourceLogs' },
  ResourceLogs: { 1: 'Resource', 2: 'ScopeLogs' },
  ScopeLogs: { 1: 'Scope', 2: 'LogRecord' },
  LogRecord: { 5: 'AnyValue', 6: 'KeyValue' },
  Resource: { 1: 'KeyValue' },
  Scope: { 3: 'KeyValue' },
  KeyValue: { 2: 'AnyValue' },
  AnyValue: { 5: 'ArrayValue', 6: 'KeyValueList' },
  ArrayValue: { 1: 'AnyValue' },
  KeyValueList: { 1: 'KeyValue' },
};

/** Where text stands that may hold JSON. */
const texts: Readonly<Record<string, readonly number[]>> = {
  AnyValue: [1],
  KeyValue: [1],
  Span: [3, 5],
  Event: [2],
  Status: [2],
  Scope: [1, 2],
  LogRecord: [12],
};

/** The body with a few changes to its fields; `other` is a body of the same type that pieces are taken from. */
export function mutateProtobuf(type: 'TracesData' | 'LogsData', body: Buffer, other: Buffer, dice: Dice): Buffer {
  const message = read(type, body);
  for (let left = dice.pick([1, 1, 2, 4]); left > 0; left -= 1) change(message, other, dice);
  return write(message);
}

function change(body: Message, other: Buffer, dice: Dice): void {
  // Attributes are many and frames are few: some of the changes are made where they would seldom fall.
  const all = messagesOf(body);
  const outer = all.filter(({ type }) => type in outerTypes);
  const message = dice.pickAny(dice.chance(0.15) ? outer : all);
  const at = dice.below(message?.fields.length ?? 0);
  const field = message?.fields[at];
  if (message === undefined || field === undefined) return;
  const { fields } = message;
  // What stands in values reaches further than what breaks the frame.
  switch (dice.chance(0.3) ? 10 : dice.below(11)) {
    case 0:
      fields.splice(at, 1);
      break;
    case 1:
      fields.splice(at, 0, ...Array.from({ length: dice.chance(0.01) ? 500 : dice.pick([1, 2, 20]) }, () => field));
      break;
    case 2:
      fields.push(...fields.splice(at, 1));
      break;
    case 3:
      fields[at] = { ...field, number: dice.chance(0.8) ? 1 + dice.below(17) : dice.pick([0, 99, 2 ** 29 - 1]) };
      break;
    case 4:
      fields[at] = { ...field, wireType: dice.below(8) };
      break;
    case 5:
      fields[at] = { ...field, lengthOff: dice.pick([-1, 1, -2, 2, 100, 0x7fff_ffff, 0xffff_ffff]) };
      break;
    case 6:
      fields[at] = { ...field, content: nastyBytes(dice) };
      break;
    case 7: {
      const grafts = messagesOf(read(body.type, other)).filter(({ type }) => dice.chance(0.2) || type === message.type);
      const graft = dice.pickAny(dice.pickAny(grafts)?.fields ?? []);
      if (graft !== undefined) fields.splice(at, dice.below(2), graft);
      break;
    }
    case 8:
      if (message.type === 'AnyValue') nest(message, dice);
      else fields[at] = changeValue(message.type, field, other, dice);
      break;
    default:
      fields[at] = changeValue(message.type, field, other, dice);
  }
}

const outerTypes = {
  ...{ TracesData: 1, ResourceSpans: 1, ScopeSpans: 1, Span: 1, LogsData: 1, ResourceLogs: 1, ScopeLogs: 1 },
  ...{ LogRecord: 1, Resource: 1, Scope: 1 },
};

/** A value of the right type and the wrong content. */
function changeValue(type: string, field: Field, other: Buffer, dice: Dice): Field {
  if (!Buffer.isBuffer(field.content)) {
    // A message: its own text somewhere below.
    const below = messagesOf(field.content).filter(
      (message) => message.type === 'AnyValue' || message.type in outerTypes,
    );
    const message = dice.pickAny(below);
    const at = dice.below(message?.fields.length ?? 0);
    const leaf = message?.fields[at];
    if (message !== undefined && leaf !== undefined && Buffer.isBuffer(leaf.content)) {
      message.fields[at] = changeValue(message.type, leaf, other, dice);
    }
    return field;
  }
  if (texts[type]?.includes(field.number) === true && field.wireType === 2) {
    if (type === 'KeyValue') return { ...field, content: Buffer.from(newName(dice)) };
    const text = mutateText(field.content.toString(), jsonIn(other, dice), dice);
    return { ...field, content: Buffer.from(text) };
  }
  if (field.wireType === 1) return { ...field, content: nastyFixed64(dice) };
  if (field.wireType === 2)
    return { ...field, content: Buffer.alloc(dice.pick([0, 1, 7, 8, 9, 15, 16, 17, 300]), dice.below(3)) };
  return { ...field, content: nastyBytes(dice) };
}

function newName(dice: Dice): string {
  return dice.chance(0.4) ? dice.pick(nastyNames) : (dice.pickAny(knownNames) ?? '');
}

/** Some text of a body that looks like a JSON list; '' where it holds none. */
function jsonIn(body: Buffer, dice: Dice): string {
  const contents = messagesOf(read('TracesData', body)).flatMap(({ type, fields }) =>
    type === 'AnyValue' ? fields.map(({ content }) => content) : [],
  );
  const lists = contents.filter((content) => Buffer.isBuffer(content)).filter(([first]) => first === 0x5b);
  return dice.pickAny(lists)?.toString() ?? '';
}

/** Lists or key-value lists around a value, as deep as the limit stands or far deeper. */
function nest(value: Message, dice: Dice): void {
  // AnyValue { array_value = 5 { values = 1 { … } } } or AnyValue { kvlist_value = 6 { values = 1 { value = 2 { … } } } }
  const numbers = dice.chance(0.5) ? [1, 5] : [2, 1, 6];
  const parts = [write(value)];
  let length = parts[0]?.length ?? 0;
  for (let depth = dice.chance(0.02) ? 10_000 : dice.pick([1, 2, 31, 32, 33, 34, 100]); depth > 0; depth -= 1) {
    for (const number of numbers) {
      const head = Buffer.concat([writeVarint(number * 8 + 2), writeVarint(length)]);
      parts.push(head);
      length += head.length;
    }
  }
  value.fields = read('', Buffer.concat(parts.reverse())).fields;
}

/** Times in 1970, now, at the ends of 63 and 64 bits, and doubles that are no numbers. */
function nastyFixed64(dice: Dice): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(
    dice.pick([0n, 1n, 86_400_000_000_000n, 1_795_376_864_718_189_541n, 7_258_118_400_000_000_000n, 2n ** 63n - 1n]),
  );
  if (dice.chance(0.3)) bytes.writeBigUInt64LE(dice.pick([2n ** 63n, 2n ** 64n - 1n, 0x7ff8000000000000n]));
  return bytes;
}

function nastyBytes(dice: Dice): Buffer {
  const hex = dice.pick([
    ...([
      '',
      '00',
      'ff',
      '80',
      'ffffffffffffffffff01',
      'ffffffffffffffffffff01',
      '0a8080808008',
      'c328',
      'eda080',
    ] as const),
    ...['0b0b0b0b0b0b', '0c', '4a00', '0a00', '7fffffffffffffff', 'ffffffff0f', '8080808080808080808000'],
  ]);
  if (dice.chance(0.5)) return Buffer.from(hex, 'hex');
  return Buffer.from(Array.from({ length: dice.below(40) }, () => dice.below(256)));
}

/** The message and all below it. */
function messagesOf(body: Message): Message[] {
  const found = [body];
  for (const { fields } of found) {
    for (const { content } of fields) if (!Buffer.isBuffer(content) && found.length < 20_000) found.push(content);
  }
  return found;
}

/** Reads what is well formed; the rest of the bytes is left out. */
function read(type: string, bytes: Buffer): Message {
  const message: Message = { type, fields: [] };
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1; at < bytes.length; shift *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * shift;
      if (byte < 128) break;
    }
    return value;
  };
  while (at < bytes.length) {
    const tag = varint();
    const [number, wireType] = [Math.floor(tag / 8), tag % 8];
    const from = at;
    if (wireType === 0) varint();
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else if (wireType !== 2) break;
    const length = wireType === 2 ? varint() : at - from;
    const start = wireType === 2 ? at : from;
    at = start + length;
    const content = bytes.subarray(start, at);
    const nested = wireType === 2 ? nestedTypes[type]?.[number] : undefined;
    message.fields.push({ number, wireType, content: nested === undefined ? content : read(nested, content) });
  }
  return message;
}

function write({ fields }: Message): Buffer {
  return Buffer.concat(
    fields.flatMap(({ number, wireType, content, lengthOff = 0 }) => {
      const bytes = Buffer.isBuffer(content) ? content : write(content);
      const tag = writeVarint(number * 8 + wireType);
      return wireType === 2 ? [tag, writeVarint(Math.max(0, bytes.length + lengthOff)), bytes] : [tag, bytes];
    }),
  );
}

function writeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}
