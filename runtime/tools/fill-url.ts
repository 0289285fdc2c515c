import { resolveReferences } from '../definition/secrets.ts';

/** Longer addresses are refused by many servers. */
const filledUrlLengthMax = 8_000;

/** An address with the parts that the model fills in. */
export interface UrlTemplate {
  pieces: readonly Piece[];
  /** Names of its parts. */
  names: ReadonlySet<string>;
}

type Piece = { literal: string } | { name: string; place: 'host' | 'label' | 'path' | 'query' };

export type FilledUrl = { url: URL; /** Of the input, what the address did not take. */ rest: Record<string, unknown> };

/** Fills in the references of a declared address and finds its parts; undefined: that is no http or https address. */
export function readUrlTemplate(declared: string, environment: NodeJS.ProcessEnv): UrlTemplate | undefined {
  // Literals and names take turns; what an environment variable holds is literal, braces included.
  const split = declared.split(/(?<!\$)\{([^{}]*)\}/);
  const literals = split.map((piece, i) => (i % 2 === 0 ? resolveReferences(piece, environment) : undefined));
  const pieces = split.map((piece, i): Piece => {
    const literal = literals[i];
    if (literal !== undefined) return { literal };
    const before = literals.slice(0, i).map((one) => one ?? 'x');
    return { name: piece, place: findPlace(before.join(''), literals[i + 1] ?? '') };
  });
  const names = new Set(pieces.flatMap((piece) => ('name' in piece ? [piece.name] : [])));
  const sample = URL.parse(pieces.map((piece) => ('literal' in piece ? piece.literal : 'x')).join(''));
  return sample !== null && /^https?:$/.test(sample.protocol) ? { pieces, names } : undefined;
}

/** Puts the input into the address, so that no value can change more of it than its own part. */
export function fillUrl(
  template: UrlTemplate,
  input: Readonly<Record<string, unknown>>,
): FilledUrl | { fault: string } {
  let text = '';
  for (const piece of template.pieces) {
    if ('literal' in piece) {
      text += piece.literal;
      continue;
    }
    const value = readValue(input[piece.name]);
    if (value === undefined) return { fault: `${piece.name} must be text or a number` };
    const fault = checkValue(value, piece.place);
    if (fault !== undefined) return { fault: `${piece.name} ${fault}` };
    text += encodeURIComponent(value);
  }
  if (text.length > filledUrlLengthMax) return { fault: `the input is too long for an address` };
  const url = URL.parse(text);
  if (url === null) return { fault: 'the input gives no valid address' };
  const rest = Object.entries(input).filter(([name]) => !template.names.has(name));
  return { url, rest: Object.fromEntries(rest) };
}

/** Adds values to the query: a list as one value each, objects as JSON, nothing for null. Undefined: too long for an address. */
export function addQuery(url: URL, values: Readonly<Record<string, unknown>>): URL | undefined {
  const pairs = Object.entries(values).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value])
      .filter((one) => one !== null && one !== undefined)
      .map((one) => `${encode(name)}=${encode(readValue(one) ?? JSON.stringify(one))}`),
  );
  if (pairs.length === 0) return url;
  const filled = new URL(url);
  filled.search = [...(url.search === '' ? [] : [url.search.slice(1)]), ...pairs].join('&');
  return filled.href.length > filledUrlLengthMax ? undefined : filled;
}

function findPlace(before: string, after: string): 'host' | 'label' | 'path' | 'query' {
  const inner = before.replace(/^[a-z]+:\/\//i, '');
  if (/[?#]/.test(inner)) return 'query';
  if (inner.includes('/')) return 'path';
  return inner === '' && /^([/:?#]|$)/.test(after) ? 'host' : 'label';
}

/** As text that has a form in addresses; undefined: it has none. */
function readValue(value: unknown): string | undefined {
  if (typeof value === 'string') return value.toWellFormed();
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

function checkValue(value: string, place: 'host' | 'label' | 'path' | 'query'): string | undefined {
  if (place === 'query') return undefined;
  // An empty part of a path makes the address of something else: of all orders instead of one.
  if (value === '') return 'must not be empty';
  if (place === 'host') return /^[A-Za-z0-9.-]+$/.test(value) ? undefined : 'must be a host name';
  if (place === 'label') return /^[A-Za-z0-9-]+$/.test(value) ? undefined : 'must be letters, digits and -';
  // Servers that decode before they route would climb up.
  const climbs = decodeAgain(value)
    .split(/[/\\]/)
    .some((segment) => segment === '.' || segment === '..');
  return climbs ? 'must not hold . or .. as a part of a path' : undefined;
}

/** What a server sees that decodes once more than it should. */
function decodeAgain(value: string): string {
  return value.replaceAll(/%(2e|2f|5c)/gi, (code) => decodeURIComponent(code));
}

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
