import type { Json } from '../lossless-json.ts';
import type { CanonicalMessage, JsonObject } from './message.ts';

const previewCharacters = 200;
/** A preview is made of this much text; white space beyond belief in front of a text may hide it. */
const previewSourceCharacters = previewCharacters * 16;

/** What the user said last, as one line of at most 200 characters; '' where no user message has text. */
export function previewInput(messages: readonly CanonicalMessage[]): string {
  const asked = messages.findLast((message) => message.role === 'user' && hasText(message));
  return asked === undefined ? '' : preview(plainText(asked));
}

/** What was answered: the last text, else the tool calls as `name(arguments)`. */
export function previewOutput(messages: readonly CanonicalMessage[]): string {
  const answer = messages.findLast(hasText);
  if (answer !== undefined) return preview(plainText(answer));
  const calls = messages.flatMap(({ parts }) => parts.filter(({ type }) => type === 'tool_call'));
  return preview(calls.map((call) => `${plain(call['name'])}(${plain(call['arguments'])})`).join(', '));
}

/** Any value as one line of at most 200 characters. */
export function previewValue(value: Json | undefined): string {
  return value === undefined || value === null ? '' : preview(plain(value));
}

function hasText({ parts }: CanonicalMessage): boolean {
  return parts.some((part) => part['type'] === 'text' && /\S/.test(plain(part['content'])));
}

function plainText({ parts }: CanonicalMessage): string {
  return parts
    .filter((part: JsonObject) => part['type'] === 'text')
    .map((part) => plain(part['content']))
    .join(' ');
}

function plain(value: Json | undefined): string {
  return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
}

/** White space folded; cut between characters, not inside one. */
function preview(text: string): string {
  const start = text.trimStart();
  // Most texts begin in words: these need no folding.
  if (isPlain(start)) {
    if (start.length <= previewCharacters) return start.trimEnd();
    if (start.charCodeAt(previewCharacters) !== blank) return `${start.slice(0, previewCharacters - 1)}…`;
  }
  // What is longer than a preview in its beginning is so as a whole.
  const beginning = fold(start.slice(0, previewCharacters * 4));
  const isLong = beginning.length > previewCharacters * 2;
  const line = isLong ? beginning : fold(start.slice(0, previewSourceCharacters));
  const isRead = start.length <= previewSourceCharacters;
  if (isRead && line.length <= previewCharacters) return line;
  const cut = endOfCharacters(line, previewCharacters - 1);
  return isRead && endOfCharacters(line, previewCharacters) === line.length ? line : `${line.slice(0, cut)}…`;
}

const blank = 0x20;

/** True where folding changes nothing in the first 201 code units, and each of them is a character. */
function isPlain(text: string): boolean {
  const end = Math.min(text.length, previewCharacters + 1);
  let before = 0;
  for (let at = 0; at < end; at += 1) {
    const unit = text.charCodeAt(at);
    // Between these are all white space and all surrogates; a blank may stand alone.
    const isOther = (unit > blank && unit < 0xa0) || (unit > 0xa0 && unit < 0x1680) || (unit > 0x3000 && unit < 0xd800);
    if (!isOther && (unit !== blank || before === blank)) return false;
    before = unit;
  }
  return true;
}

/** White space that is one blank already is left as it is: there is much of it. */
function fold(text: string): string {
  return text
    .toWellFormed()
    .replace(/\s{2,}|[^\S ]/g, ' ')
    .trim();
}

/** Where so many characters of a well-formed text end. */
function endOfCharacters(text: string, count: number): number {
  let end = 0;
  for (let left = count; left > 0 && end < text.length; left -= 1) {
    end += (text.charCodeAt(end) & 0xfc00) === 0xd800 ? 2 : 1;
  }
  return end;
}
