import { cutNotice, decodeStart } from './cut-text.ts';
import type { BodyStart } from './read-body.ts';

const textType =
  /^(text\/|application\/(.*[+-])?(json|ndjson|jsonl|xml|yaml|toml|javascript|graphql|sql|x-www-form-urlencoded)$)/;
const jsonType = /^(application|text)\/(.+\+)?json$/;

export interface ContentType {
  /** Without parameters, small letters; empty: not told. */
  type: string;
  charset: string;
}

export function readContentType(header: string | undefined): ContentType {
  const [type = '', ...parameters] = (header ?? '').split(';').map((part) => part.trim());
  const charset = parameters.map((one) => /^charset=["']?([^"']+)/i.exec(one)?.[1]).find((one) => one !== undefined);
  return { type: type.toLowerCase(), charset: charset ?? 'utf-8' };
}

/** What claims to be text; what claims nothing may be text too. */
export function maybeText({ type }: ContentType): boolean {
  return type === '' || textType.test(type);
}

/** A body as the model reads it: text, JSON without its spaces, or the name of what cannot be read. `isBroken`: it is not what it claims. */
export function describeBody(
  { type, charset }: ContentType,
  body: BodyStart,
): { text: string; cutFromBytes?: number; isBroken: boolean } {
  const name = `[${type === '' ? 'no text' : type}, ${body.isAtLeast ? 'more than ' : ''}${body.totalBytes.toLocaleString('en-US')} bytes: not shown]`;
  if (!maybeText({ type, charset })) return { text: name, isBroken: false };
  const text = decodeStart(body.bytes, charset);
  if (type === '' && /\0|\ufffd/.test(text)) return { text: name, isBroken: false };
  const isJson = jsonType.test(type);
  if (body.isWhole) return { text: isJson ? compactJson(text) : text, isBroken: isJson && !isValidJson(text) };
  const notice = cutNotice({ keptBytes: body.bytes.length, totalBytes: body.totalBytes, isAtLeast: body.isAtLeast });
  return { text: (isJson ? compactJson(text) : text) + notice, cutFromBytes: body.totalBytes, isBroken: false };
}

/** Without the spaces between its tokens; numbers keep all of their digits. A part of a JSON text may be given. */
export function compactJson(text: string): string {
  const parts: string[] = [];
  for (let from = 0; from < text.length;) {
    const quote = text.indexOf('"', from);
    const gap = quote === -1 ? text.slice(from) : text.slice(from, quote);
    parts.push(gap.replaceAll(/\s+/g, ''));
    if (quote === -1) break;
    from = findStringEnd(text, quote + 1);
    parts.push(text.slice(quote, from));
  }
  return parts.join('');
}

/** Behind the quote that ends a string. An expression for all of it would be too much for the platform in long strings. */
function findStringEnd(text: string, from: number): number {
  for (let quote = text.indexOf('"', from); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let slashes = 0;
    while (text[quote - 1 - slashes] === '\\') slashes += 1;
    if (slashes % 2 === 0) return quote + 1;
  }
  return text.length;
}

function isValidJson(text: string): boolean {
  if (text.trim() === '') return true;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
