import type { Json } from '../../lossless-json.ts';
import type { JsonObject } from '../message.ts';
import { readCacheWrites } from '../provider-response.ts';
import { readGeminiCounts, readOpenAiCounts } from '../provider-usage.ts';
import type { RawUsage } from '../usage.ts';
import { count } from '../value.ts';

/**
 * Token counts from what Langfuse calls usage details, all inclusive. Its SDKs send one of two forms: the counts as a
 * provider's API gave them, or buckets under names of the user's choice, of which no token is in two.
 */
export function readLangfuseUsage(details: JsonObject): RawUsage {
  return readOpenAiCounts(details) ?? readGeminiCounts(details) ?? readBuckets(details);
}

/** What a bucket holds, by its name in lower case without separators; the first that fits. */
const bucketKinds: readonly (readonly [RegExp, Exclude<keyof RawUsage, 'isExclusive'>, side?: 'input' | 'output'])[] = [
  [/^total(tokens?(count)?)?$/, 'total'],
  [/^(input|prompt)(tokens?(count)?)?$/, 'input', 'input'],
  [/^(output|completion)(tokens?(count)?)?$/, 'output', 'output'],
  [/cache.*(creat|writ).*(1h|1hour)|ephemeral1h/, 'cacheWrite1h', 'input'],
  [/cache.*(creat|writ).*(5m|5min)|ephemeral5m/, 'cacheWrite5m', 'input'],
  [/cache.*(creat|writ)/, 'cacheWrite', 'input'],
  [/cache/, 'cacheRead', 'input'],
  [/^(input|prompt).*audio/, 'inputAudio', 'input'],
  [/^(output|completion).*audio/, 'outputAudio', 'output'],
  [/reasoning|thought|thinking/, 'reasoning', 'output'],
];

/** One side of the call: what stands under its own name, the buckets beside it, and what may be in it or beside it. */
interface Side {
  own: bigint | undefined;
  others: bigint;
  loose: bigint;
}

function readBuckets(details: JsonObject): RawUsage {
  const usage: RawUsage = {};
  const sides: Record<'input' | 'output', Side> = {
    input: { own: undefined, others: 0n, loose: 0n },
    output: { own: undefined, others: 0n, loose: 0n },
  };
  for (const [name, value] of Object.entries(details)) {
    const tokens = countOf(value);
    if (tokens === undefined) continue;
    const plain = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
    const [, kind, side = sideOf(plain)] = bucketKinds.find(([pattern]) => pattern.test(plain)) ?? [];
    if (kind === 'total') usage.total = tokens;
    else if (side !== undefined && kind === side) sides[side].own = (sides[side].own ?? 0n) + tokens;
    else if (kind === 'reasoning' && sideOf(plain) === undefined) sides.output.loose += tokens;
    else if (side !== undefined) sides[side].others += tokens;
    if (kind !== undefined && kind !== 'total' && kind !== side) usage[kind] = (usage[kind] ?? 0n) + tokens;
  }
  const { cacheWrite, cacheWrite5m, cacheWrite1h, total, ...rest } = usage;
  return {
    ...readCacheWrites({ usage: details }),
    ...rest,
    ...settleSides(sides, total),
    cacheWrite: sum([cacheWrite, cacheWrite5m, cacheWrite1h]),
    ...(cacheWrite5m === undefined && cacheWrite1h === undefined ? {} : { cacheWrite5m, cacheWrite1h }),
  };
}

/** A bucket of another kind belongs to the side that it is named after; one that names none is no tokens of either. */
function sideOf(plain: string): 'input' | 'output' | undefined {
  if (/^(input|prompt)/.test(plain)) return 'input';
  return /^(output|completion)/.test(plain) ? 'output' : undefined;
}

/**
 * Buckets are apart from each other, so that a side is the sum of its buckets. A total that fits only another way of adding
 * up is believed: some senders leave cached tokens within `input`.
 */
function settleSides({ input, output }: Record<'input' | 'output', Side>, total: bigint | undefined): RawUsage {
  const [inputOwn, outputOwn] = [input.own ?? 0n, output.own ?? 0n];
  const [inputAll, outputAll] = [inputOwn + input.others, outputOwn + output.others];
  const ways = [
    [inputAll, outputAll],
    [inputOwn, outputOwn],
    [inputAll, outputOwn],
    [inputOwn, outputAll],
    [inputAll, outputAll + output.loose],
  ] as const;
  const [inputTokens, outputTokens] = ways.find(([one, other]) => one + other === total) ?? ways[0];
  return {
    input: input.own === undefined && input.others === 0n ? undefined : inputTokens,
    output: output.own === undefined && output.others === 0n ? undefined : outputTokens,
  };
}

function countOf(value: Json | undefined): bigint | undefined {
  return typeof value === 'number' || typeof value === 'string' ? count(value) : undefined;
}

function sum(counts: readonly (bigint | undefined)[]): bigint | undefined {
  const given = counts.filter((tokens) => tokens !== undefined);
  return given.length === 0 ? undefined : given.reduce((all, tokens) => all + tokens, 0n);
}
