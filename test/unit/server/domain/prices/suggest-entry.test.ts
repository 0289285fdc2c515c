import { describe, expect, it } from 'vitest';
import { pricesFile } from '../../../../../server/contract/prices-file.ts';
import { GenaiTable } from '../../../../../server/domain/prices/genai-table.ts';
import { Overrides } from '../../../../../server/domain/prices/overrides.ts';
import { createPriceBook } from '../../../../../server/domain/prices/price-book.ts';
import { priceCall, questionOf } from '../../../../../server/domain/prices/price-call.ts';
import { formatEntry, suggestEntry } from '../../../../../server/domain/prices/suggest-entry.ts';
import { callOf, type GivenCall } from './price-fixture.ts';

type Entry = Record<string, unknown>;

/** The price of a call by a file with these entries, and what is suggested where it has none. */
function ask(given: GivenCall, entries: readonly Entry[]) {
  const overrides = new Overrides(pricesFile.parse({ prices: entries }), 'a'.repeat(64));
  const book = createPriceBook({ table: new GenaiTable('1.2.3'), overrides });
  const span = callOf(given);
  const { amount, price } = priceCall(span, book);
  if (amount !== null) return { amount, suggested: undefined };
  return {
    amount,
    suggested: suggestEntry({ span, missing: price, tokens: span.tokens, found: book.find(questionOf(span)) }),
  };
}

/** The members put where they belong: objects into the objects of their name. */
function merge(into: Entry, members: Entry): Entry {
  const merged = Object.entries(members).map(([key, value]): [string, unknown] => {
    const there = into[key];
    const both = typeof there === 'object' && there !== null && typeof value === 'object' && value !== null;
    return [key, both ? merge(there as Entry, value as Entry) : value];
  });
  return { ...into, ...Object.fromEntries(merged) };
}

const cached = {
  inputTokens: 1_000,
  cacheReadTokens: 500,
  cacheWriteTokens: 300,
  cacheWrite1hTokens: 100,
  outputTokens: 9,
};
const plain = { inputTokens: 1_000, outputTokens: 100 };
const ownEntry = { provider: 'vllm', model: 'acme/*', per_million: { input: 1 } };
const batchEntry = { provider: 'openai', model: 'gpt-4o', batch: { per_million: { input: 1 } }, note: 'n' };

const cases: [string, GivenCall, Entry[], number | null, string][] = [
  [
    'a model that nobody knows, with all its classes',
    { provider: 'vllm', model: 'm', usage: cached },
    [],
    null,
    '{ "provider": "vllm", "model": "m", "per_million": ' +
      '{ "input": null, "cache_read": null, "cache_write": null, "cache_write_1h": null, "output": null } }',
  ],
  [
    'a model without a provider, in a batch',
    { provider: '', model: 'm', usage: plain, isBatch: true },
    [],
    null,
    '{ "provider": "*", "model": "m", "per_million": { "input": null, "output": null }, "batch": null }',
  ],
  [
    'a model that hears, of a tier',
    { provider: 'x', model: 'm', usage: { inputTokens: 9, inputAudioTokens: 5 }, serviceTier: 'Flex' },
    [],
    null,
    '{ "provider": "x", "model": "m", "per_million": { "input": null, "input_audio": null }, "service_tiers": { "flex": null } }',
  ],
  [
    'classes that the table lacks',
    { model: 'gpt-4o-2024-05-13', usage: { ...plain, cacheReadTokens: 1 } },
    [],
    null,
    '{ "provider": "openai", "model": "gpt-4o-2024-05-13", "extends": "table", "per_million": { "cache_read": null } }',
  ],
  [
    'an audio direction that the table lacks',
    { model: 'gpt-4o-transcribe', usage: { ...plain, outputAudioTokens: 1 } },
    [],
    null,
    '{ "provider": "openai", "model": "gpt-4o-transcribe", "extends": "table", "per_million": { "output_audio": null } }',
  ],
  ['a batch', { usage: plain, isBatch: true }, [], null, '{ "provider": "openai", "model": "gpt-4o", "batch": null }'],
  [
    'a tier, by the request’s model where the answer’s is unknown',
    { requestModel: 'gpt-4o', model: 'snapshot-1', usage: plain, serviceTier: 'priority' },
    [],
    null,
    '{ "provider": "openai", "model": "gpt-4o", "service_tiers": { "priority": null } }',
  ],
  [
    'a batch of a tier',
    { usage: plain, isBatch: true, serviceTier: 'flex' },
    [],
    null,
    '{ "provider": "openai", "model": "gpt-4o", "service_tiers": { "batch+flex": null } }',
  ],
  [
    'a model that the table bills by images: prices of one’s own stand for all of it',
    { model: 'gpt-image-1', usage: plain },
    [],
    null,
    '{ "provider": "openai", "model": "gpt-image-1", "per_million": { "input": null, "output": null } }',
  ],
  [
    'a class that an entry of the file lacks',
    { provider: 'vllm', model: 'acme/x', usage: plain },
    [{ provider: 'other', model: '*', per_million: 1 }, ownEntry],
    1,
    '{ "per_million": { "output": null } }',
  ],
  [
    'a tier that an entry of the file lacks',
    { provider: 'vllm', model: 'acme/x', usage: { inputTokens: 1 }, serviceTier: 'flex' },
    [{ ...ownEntry, service_tiers: { scale: 2 } }],
    0,
    '{ "service_tiers": { "flex": null } }',
  ],
  [
    'a class that the own prices of a tier lack',
    { usage: plain, isBatch: true },
    [batchEntry],
    0,
    '{ "batch": { "per_million": { "output": null } } }',
  ],
  [
    'a class that the table lacks under an entry that adjusts it',
    { model: 'gpt-4o-2024-05-13', usage: { ...plain, cacheReadTokens: 1 } },
    [{ provider: 'openai', model: '*', multiplier: 0.9 }],
    0,
    '{ "extends": "table", "per_million": { "cache_read": null } }',
  ],
];

describe('the entry for what has no price', () => {
  it.each(cases)('of %s', (_, given, entries, entryIndex, text) => {
    const { suggested } = ask(given, entries);
    expect(suggested?.entryIndex).toBe(entryIndex);
    expect(suggested && formatEntry(suggested)).toBe(text);
  });

  it.each(cases)('prices it when its blanks are filled in: %s', (_, given, entries, entryIndex, text) => {
    const members = JSON.parse(text.replaceAll('null', '0.5')) as Entry;
    const filled =
      entryIndex === null
        ? [members, ...entries]
        : entries.map((one, i) => (i === entryIndex ? merge(one, members) : one));
    expect(ask(given, filled).amount).toBeGreaterThan(0n);
  });

  it.each(cases)('is refused while it has blanks: %s', (_, _given, entries, entryIndex, text) => {
    const members = JSON.parse(text) as Entry;
    const filled =
      entryIndex === null
        ? [members, ...entries]
        : entries.map((one, i) => (i === entryIndex ? merge(one, members) : one));
    expect(pricesFile.safeParse({ prices: filled }).success).toBe(false);
  });

  it.each<[string, GivenCall]>([
    ['calls without counts', { usage: null }],
    ['calls without a model', { model: '', usage: plain }],
    ['wrong counts', { usage: { inputTokens: 10, cacheReadTokens: 11 } }],
    ['absurd counts', { usage: { inputTokens: 2 ** 60 } }],
    [
      'audio beside cached input',
      {
        ...{ provider: 'gcp.gemini', model: 'gemini-2.5-flash' },
        usage: { ...plain, cacheReadTokens: 1, inputAudioTokens: 1 },
      },
    ],
    ['a sum of calls with a fee for each', { provider: 'perplexity', model: 'sonar', usage: plain, isAggregate: true }],
  ])('is none for %s', (_, given) => {
    expect(ask(given, [])).toEqual({ amount: null, suggested: undefined });
  });
});
