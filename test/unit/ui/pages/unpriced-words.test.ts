import { describe, expect, it } from 'vitest';
import type { UnpricedGroup } from '../../../../ui/api/types.ts';
import {
  describeRemedy,
  describeWhy,
  formatShare,
  listEntries,
  listTokens,
  writeCommand,
  writeFile,
} from '../../../../ui/pages/costs/unpriced/unpriced-words.ts';

const group: UnpricedGroup = {
  ...{ provider: 'openai', model: 'gpt-5-mini', requestModel: 'gpt-5-mini', status: 'unpriced_usage' },
  ...{ missing: 'service_tier', usageClass: 'flex', serviceTiers: ['flex'], batchCalls: 0, sums: 0 },
  usage: {
    ...{ modelCalls: 2, inputTokens: 9_000, outputTokens: 0, cacheReadTokens: 4_000 },
    ...{ cacheWriteTokens: 0, reasoningTokens: 0 },
  },
  ...{ cacheWrite5mTokens: 0, cacheWrite1hTokens: 0, inputAudioTokens: 0, outputAudioTokens: 0 },
  ...{ firstSeenUnixNano: '0', lastSeenUnixNano: '0', example: { traceId: 'a', spanId: 'b' } },
  ...{ pricedNow: null, override: null },
};

describe('why a group has no price', () => {
  it.each<[Pick<UnpricedGroup, 'missing' | 'usageClass'>, string]>([
    [{ missing: 'model', usageClass: null }, 'no price for this model'],
    [{ missing: 'class_price', usageClass: 'cacheWrite1h' }, 'no price for cache write, 1 h'],
    [{ missing: 'service_tier', usageClass: 'batch' }, 'no price for batches'],
    [{ missing: 'service_tier', usageClass: 'batch+flex' }, 'no price for the service tier “batch+flex”'],
    [{ missing: 'class_count', usageClass: 'input_image_mtok' }, 'billed by images, which spans do not count'],
    [{ missing: 'class_count', usageClass: 'inputAudio' }, 'audio beside cached input'],
    [{ missing: 'usage', usageClass: null }, 'no tokens reported'],
    [{ missing: 'consistent_counts', usageClass: 'input' }, 'the parts of input larger than the whole'],
    [{ missing: 'plausible_counts', usageClass: null }, 'counts that cannot be true'],
  ])('%j is in words', (given, words) => {
    expect(describeWhy(given)).toBe(words);
  });

  it('comes with something to do where no entry helps', () => {
    expect(describeRemedy({ ...group, missing: 'usage' })).toContain('include_usage');
    expect(describeRemedy({ ...group, model: null, missing: 'model' })).toContain('name no model');
    expect(describeRemedy({ ...group, missing: 'plausible_counts' })).toContain('example');
    expect(describeRemedy({ ...group, missing: 'class_count', usageClass: 'requests' })).toContain('Send the spans');
  });
});

it('a share is never rounded to nothing or to all', () => {
  expect([
    formatShare(0, 0),
    formatShare(0, 5),
    formatShare(1, 100_000),
    formatShare(1, 3),
    formatShare(1, 2),
    formatShare(99_999, 100_000),
    formatShare(7, 7),
  ]).toEqual(['0 %', '0 %', '< 0.1 %', '33.3 %', '50 %', '99.9 %', '100 %']);
});

it('tokens are those there are, input and output always', () => {
  expect(listTokens(group).map(({ label, text }) => `${label} ${text}`)).toEqual([
    'input 9,000',
    'of it read from a cache 4,000',
    'output 0',
  ]);
});

it('new entries are listed once, what belongs into an entry that is there is not', () => {
  const entry = { entryIndex: null, text: '{ "provider": "x", "model": "y", "batch": null }' };
  const groups = [entry, entry, { entryIndex: 2, text: '{ "batch": null }' }, null].map((override) => ({
    ...group,
    override,
  }));
  expect(listEntries({ groups })).toEqual([entry.text]);
  expect(JSON.parse(writeFile([entry.text, entry.text]))).toEqual({
    prices: [JSON.parse(entry.text), JSON.parse(entry.text)],
  });
});

it('the command can be pasted into a shell, whatever the project is called', () => {
  const window = { fromMs: Date.UTC(2026, 10, 1), toMs: Date.UTC(2026, 11, 1) + 1 };
  expect(writeCommand({ project: 'default', ...window, commit: false })).toBe(
    'sightglass resettle --project default --from 2026-11-01T00:00:00Z --to 2026-12-01T00:00:00.001Z --dry-run',
  );
  expect(writeCommand({ project: "it's; rm -rf $HOME", ...window, commit: true })).toContain(
    "--project 'it'\\''s; rm -rf $HOME' --from",
  );
});
