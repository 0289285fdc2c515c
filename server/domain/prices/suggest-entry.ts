import type { TokenCounts } from '../settlement/skeleton.ts';
import { pickRates, type PricedSpan, questionOf } from './price-call.ts';
import type { Missing } from './split-usage.ts';
import { batchTier, type FoundPrice, noUnitPrices, unitPrice, type UsageClass } from './unit-prices.ts';

/** What to write into the override file; `null` stands for a blank. */
export interface SuggestedEntry {
  /** The entry that it belongs into; null: one of its own. */
  entryIndex: number | null;
  members: Readonly<Record<string, unknown>>;
}

/** How the override file spells the classes. */
const classNames: Readonly<Record<UsageClass, string>> = {
  input: 'input',
  cacheRead: 'cache_read',
  cacheWrite: 'cache_write',
  cacheWrite1h: 'cache_write_1h',
  inputAudio: 'input_audio',
  output: 'output',
  reasoning: 'reasoning',
  outputAudio: 'output_audio',
};

/**
 * The least that would price calls like this one, as far as prices can: undefined where the counts are missing or wrong. `tokens`
 * are those of all such calls, so that a class that only some of them have gets its blank, too.
 */
export function suggestEntry(options: {
  span: PricedSpan;
  missing: Missing;
  tokens: TokenCounts;
  found: FoundPrice | undefined;
}): SuggestedEntry | undefined {
  const { span, missing, tokens, found } = options;
  const [model] = found === undefined ? questionOf(span).models : [found.askedModel];
  if (model === undefined) return undefined;
  const place = (members: Record<string, unknown>, more: Record<string, unknown> = {}): SuggestedEntry => {
    const entryIndex = found?.entryIndex ?? null;
    const names = { provider: span.provider === '' ? '*' : span.provider, model, ...more };
    return { entryIndex, members: entryIndex === null ? { ...names, ...members } : members };
  };
  switch (missing.missing) {
    case 'model':
      return place({ per_million: blanksFor(usedClasses(tokens)), ...tierBlank(span) });
    case 'service_tier':
      return place(tierBlank(span));
    case 'class_price':
      return found && suggestClasses({ ...options, found, place });
    case 'class_count':
      // With prices of its own a model is no longer billed by what the table bills it by.
      if (found?.prices.uncounted.includes(missing.usage ?? '') !== true) return undefined;
      return place({ per_million: blanksFor(usedClasses(tokens)) });
    case 'usage':
    case 'consistent_counts':
    case 'plausible_counts':
      return undefined;
  }
}

/** As JSON on one line, with a space where a reader expects one. */
export function formatEntry({ members }: SuggestedEntry): string {
  return JSON.stringify(members, null, 1).replace(/\n\s*/g, ' ');
}

function suggestClasses({
  span,
  missing,
  tokens,
  found,
  place,
}: {
  span: PricedSpan;
  missing: Missing;
  tokens: TokenCounts;
  found: FoundPrice;
  place: (members: Record<string, unknown>) => SuggestedEntry;
}): SuggestedEntry | undefined {
  const billed = pickRates(span, found.prices);
  if ('missing' in billed) return undefined;
  // Audio is text where it has no price of its own.
  const lacking = usedClasses(tokens).filter(
    (usage) =>
      (billed.rates.hasAudioPrice || !usage.endsWith('Audio')) && unitPrice(billed.rates, usage, 0n) === undefined,
  );
  const blanks = blanksFor(withMissing(lacking, missing.usage));
  if (billed.ownTier !== undefined) return place(tierMember(billed.ownTier, { per_million: blanks }));
  return place({ ...(found.extendsTable && { extends: 'table' }), per_million: blanks });
}

function withMissing(classes: readonly UsageClass[], usage: string | undefined): UsageClass[] {
  const isClass = (name: string | undefined): name is UsageClass => name !== undefined && name in classNames;
  return isClass(usage) && !classes.includes(usage) ? [...classes, usage] : [...classes];
}

/** The service tier of a call as a member that waits for its factor; none of a standard one. */
function tierBlank(span: PricedSpan): Record<string, unknown> {
  const billed = pickRates(span, noUnitPrices);
  return 'missing' in billed ? tierMember(billed.usage ?? '', null) : {};
}

function tierMember(tier: string, value: unknown): Record<string, unknown> {
  return tier === batchTier ? { batch: value } : { service_tiers: { [tier]: value } };
}

function blanksFor(classes: readonly UsageClass[]): Record<string, null> {
  return Object.fromEntries(classes.map((usage) => [classNames[usage], null]));
}

/** The classes that these tokens are in. Audio beside cached input cannot be told from it, and is text then. */
function usedClasses(tokens: TokenCounts): UsageClass[] {
  const { cacheReadTokens, cacheWriteTokens, cacheWrite1hTokens, inputAudioTokens, outputAudioTokens } = tokens;
  const cached = cacheReadTokens + cacheWriteTokens;
  const counts: [UsageClass, bigint][] = [
    ['input', tokens.inputTokens - cached],
    ['cacheRead', cacheReadTokens],
    ['cacheWrite', cacheWriteTokens - cacheWrite1hTokens],
    ['cacheWrite1h', cacheWrite1hTokens],
    ['inputAudio', cached > 0n ? 0n : inputAudioTokens],
    ['output', tokens.outputTokens],
    ['outputAudio', outputAudioTokens],
  ];
  const used = counts.filter(([, count]) => count > 0n).map(([usage]) => usage);
  return used.length === 0 ? ['input', 'output'] : used;
}
