import type { UnpricedGroup, UnpricedReply } from '../../../api/types.ts';
import { nameUsage } from '../../../components/booking/price-words.ts';
import { exactCount } from '../../../components/format.ts';

/** Why a group has no price, in a few words. */
export function describeWhy({ missing, usageClass }: Pick<UnpricedGroup, 'missing' | 'usageClass'>): string {
  const usage = nameUsage(usageClass);
  switch (missing) {
    case 'model':
      return 'no price for this model';
    case 'class_price':
      return `no price for ${usage}`;
    case 'service_tier':
      return usageClass === 'batch' ? 'no price for batches' : `no price for the service tier “${usage}”`;
    case 'class_count':
      return countWords[usageClass ?? ''] ?? `billed by ${usage}, which spans do not count`;
    case 'usage':
      return 'no tokens reported';
    case 'consistent_counts':
      return `${usage === '' ? 'a part' : `the parts of ${usage}`} larger than the whole`;
    case 'plausible_counts':
      return 'counts that cannot be true';
  }
}

const countWords: Record<string, string> = {
  inputAudio: 'audio beside cached input',
  reasoning: 'reasoning beside audio output',
  inputTokensOfEachCall: 'a sum of calls that may have been long',
  requests: 'a sum of calls with a fee for each',
};

/** What else can be done, where no entry of the price file helps. */
export function describeRemedy({ missing, usageClass, model }: UnpricedGroup): string {
  if (model === null) return 'The spans name no model. Once they do, a price can be found or written.';
  switch (missing) {
    case 'usage':
      return (
        'No price per token applies to calls that report none. Let the SDK report usage; OpenAI streams do with ' +
        '“stream_options: { include_usage: true }”. If the model is billed by the call, an entry with "per_million": 0 ' +
        'and a "per_request" prices it.'
      );
    case 'consistent_counts':
    case 'plausible_counts':
      return 'No price makes wrong counts right: look at what the example reports.';
    case 'class_count':
      return usageClass === 'inputAudio' || usageClass === 'reasoning'
        ? 'The spans do not say how much of one is the other, and both have prices of their own.'
        : 'The price depends on single calls, and only their sum arrived. Send the spans of the calls.';
    case 'model':
    case 'class_price':
    case 'service_tier':
      return 'No entry of the price file can be written for it.';
  }
}

/** The whole file for an entry, as an installation without one needs it. */
export function writeFile(entries: readonly string[]): string {
  return `{ "prices": [\n${entries.map((entry) => `  ${entry}`).join(',\n')}\n] }\n`;
}

/** Every new entry that the groups ask for, each once. */
export function listEntries({ groups }: Pick<UnpricedReply, 'groups'>): string[] {
  const texts = groups.flatMap(({ override }) => (override?.entryIndex === null ? [override.text] : []));
  return [...new Set(texts)];
}

/** The command that books a window again: first to look, then for good. */
export function writeCommand({
  project,
  fromMs,
  toMs,
  commit,
}: {
  project: string;
  fromMs: number;
  toMs: number;
  commit: boolean;
}): string {
  const [from, to] = [fromMs, toMs].map((ms) => new Date(ms).toISOString().replace('.000Z', 'Z'));
  const mode = commit ? '--commit' : '--dry-run';
  return `sightglass resettle --project ${quote(project)} --from ${from ?? ''} --to ${to ?? ''} ${mode}`;
}

/** `3.2 %` of all calls; what is there is never said to be none. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0 || part === 0) return '0 %';
  const percent = (part / whole) * 100;
  if (percent < 0.1) return '< 0.1 %';
  return `${percent < 99.95 || part === whole ? percent.toFixed(1).replace(/\.0$/, '') : '99.9'} %`;
}

/** Classes of tokens that a group has any of, the largest words first. */
export function listTokens(group: UnpricedGroup): { label: string; text: string; part: boolean }[] {
  const { usage } = group;
  const counts: [string, number, boolean][] = [
    ['input', usage.inputTokens, false],
    ['of it read from a cache', usage.cacheReadTokens, true],
    ['of it written to a cache', usage.cacheWriteTokens, true],
    ['of that for 5 min', group.cacheWrite5mTokens, true],
    ['of that for 1 h', group.cacheWrite1hTokens, true],
    ['of it audio', group.inputAudioTokens, true],
    ['output', usage.outputTokens, false],
    ['of it reasoning', usage.reasoningTokens, true],
    ['of the output audio', group.outputAudioTokens, true],
  ];
  return counts
    .filter(([, count, part]) => count > 0 || !part)
    .map(([label, count, part]) => ({ label, text: exactCount(count), part }));
}

function quote(text: string): string {
  return /^[\w.@%+,:/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
