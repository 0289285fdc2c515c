import type { Attributes } from '../receive/otlp.ts';
import type { Reading } from './reading.ts';
import { json, structuredContent } from './value.ts';

/**
 * Of the attributes in `restated`, those that say nothing new: every text, number and truth value in them stands in the
 * reading or in an attribute that is kept. Emitters send the raw request and response beside the messages; kept as they are,
 * a long conversation would be stored again with every call.
 */
export function findRestated(
  attributes: Attributes,
  about: { reading: Reading; carried: ReadonlySet<string>; restated: ReadonlySet<string> },
): Set<string> {
  const found = new Set<string>();
  const candidates = [...about.restated].filter((key) => !about.carried.has(key) && attributes.has(key));
  if (candidates.length === 0) return found;
  const said = new Set(leavesOf(about.reading));
  for (const [key, value] of attributes) {
    if (!about.carried.has(key) && !about.restated.has(key)) addAll(said, leavesOf(json(value)));
  }
  for (const key of candidates) {
    if (everyIsSaid(leavesOf(json(attributes.get(key) ?? null)), said)) found.add(key);
  }
  return found;
}

function addAll(said: Set<string>, leaves: Iterable<string>): void {
  for (const leaf of leaves) said.add(leaf);
}

function everyIsSaid(leaves: Iterable<string>, said: ReadonlySet<string>): boolean {
  for (const leaf of leaves) {
    // What a message calls an image's type and content, a request often holds as one URL.
    if (!said.has(leaf) && !said.has(leaf.replace(/^data:[^,]{0,100};base64,/, ''))) return false;
  }
  return true;
}

/** Their texts are words of the form, which conventions choose freely. */
const formKeys = new Set(['type', 'role']);

/**
 * Every value inside, those in JSON texts included: a text as it is, since a name in one form is an id in another; a number
 * or truth value with the name that it has, as one alone says nothing.
 */
function* leavesOf(value: unknown, name = ''): Generator<string> {
  if (typeof value === 'string') {
    const inner = structuredContent(value);
    if (typeof inner !== 'string') yield* leavesOf(inner, name);
    else if (inner !== '' && !formKeys.has(name)) yield inner;
  } else if (Array.isArray(value)) {
    for (const entry of value) yield* leavesOf(entry, name);
  } else if (typeof value === 'object' && value !== null && !JSON.isRawJSON(value)) {
    for (const [key, entry] of Object.entries(value)) yield* leavesOf(entry, key);
  } else if (value !== null && value !== undefined) {
    yield `${name}=${typeof value === 'bigint' ? String(value) : JSON.stringify(value)}`;
  }
}
