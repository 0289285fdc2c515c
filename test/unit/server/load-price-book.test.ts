import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../server/config.ts';
import { unixNano } from '../../../server/domain/time.ts';
import { loadPriceBook } from '../../../server/load-price-book.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const packageJson = new URL('../../../node_modules/@pydantic/genai-prices/package.json', import.meta.url);

describe('the price book', () => {
  const dir = makeTempDir('prices');
  afterAll(() => dir.remove());

  function fileOf(content: unknown): string {
    const path = join(dir.path, 'prices.json');
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  }

  function faultsOf(content: unknown): string[] {
    const path = fileOf(content);
    return linesOf(path).map((line) => line.replaceAll(path, 'FILE'));
  }

  it('is the installed price table and says its version', () => {
    const { version } = JSON.parse(readFileSync(packageJson, 'utf8')) as { version: string };
    expect(loadPriceBook(undefined).version).toBe(`genai-prices@${version}`);
  });

  it('has the override file over it, by the hash of its bytes', () => {
    const path = fileOf({ prices: [{ provider: 'vllm', model: 'm', per_million: { input: 1 } }] });
    const hash = createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 12);
    const book = loadPriceBook(path);
    expect(book.version).toMatch(new RegExp(`^file:${hash}\\+genai-prices@`));
    expect(book.find({ projectId: 'default', provider: 'vllm', models: ['m'], at: unixNano(0n) })?.version).toBe(
      `file:${hash}#0`,
    );
  });

  it.each<[string, unknown, string[]]>([
    ['no object', [], ['FILE:1: the file must be an object with $schema, prices']],
    ['no list', { prices: {} }, ['FILE:1: prices must be a list of entries']],
    [
      'a typing error',
      { prices: [{ provider: 'openai', model: 'm', per_million: { inptu: 1 } }] },
      [
        'FILE:1: prices[0].per_million has unknown inptu (did you mean input?); allowed: input, cache_read, cache_write, cache_write_1h, ' +
          'input_audio, output, reasoning, output_audio',
      ],
    ],
    [
      'wrong values, each in its line',
      {
        prices: [
          { provider: '', model: 'm', per_million: { input: '-1', output: 1e12 } },
          { provider: 'x', model: 'm', per_million: { input: 1 }, effective_from: 'May' },
        ],
      },
      [
        'FILE:1: prices[0].provider must be text of 1 to 512 characters',
        'FILE:1: prices[0].per_million.input must be a decimal number from 0 to below 1000000000, such as 0.25 or "0.25"',
        'FILE:1: prices[0].per_million.output must be a decimal number from 0 to below 1000000000, such as 0.25 or "0.25"',
        'FILE:1: prices[1].effective_from must be a date such as 2026-07-01 (midnight UTC) or an RFC 3339 time such as ' +
          '2026-07-01T09:00:00Z, from 1970 to 2261',
      ],
    ],
    [
      'an end before the beginning',
      { prices: [entryWith({ effective_from: '2026-02-01', effective_to: '2026-01-01' })] },
      ['FILE:1: prices[0].effective_to must be after effective_from'],
    ],
    [
      'nothing to say',
      { prices: [{ provider: 'x', model: 'm' }] },
      [
        'FILE:1: prices[0] needs per_million; or, to adjust what the price table says, multiplier, batch or service_tiers',
      ],
    ],
    [
      'tiers out of order',
      {
        prices: [
          entryWith({
            tiers: [
              { above_input_tokens: 2, per_million: { input: 1 } },
              { above_input_tokens: 1, per_million: { input: 1 } },
            ],
          }),
        ],
      },
      ['FILE:1: prices[0].tiers must be ascending by above_input_tokens'],
    ],
    [
      'a class that only a tier has',
      { prices: [entryWith({ tiers: [{ above_input_tokens: 2, per_million: { output: 1 } }] })] },
      ['FILE:1: prices[0].tiers has a class that per_million does not have'],
    ],
    [
      'a fee of the table’s',
      { prices: [{ provider: 'x', model: 'm', multiplier: 1, per_request: 1 }] },
      ['FILE:1: prices[0] has tiers or per_request without per_million'],
    ],
    [
      'a blank',
      { prices: [{ provider: 'x', model: 'm', per_million: { input: null }, batch: null }] },
      [
        'FILE:1: prices[0].per_million.input is a blank to fill in: it must be a decimal number from 0 to below 1000000000, ' +
          'such as 0.25 or "0.25"',
        'FILE:1: prices[0].batch is a blank to fill in: it must be a factor such as 0.5, or an object with prices of its own',
      ],
    ],
    [
      'prices of 0 that are not said to be meant',
      { prices: [{ provider: 'x', model: 'm', per_million: 0 }, entryWith({ model: 'n', multiplier: 0 })] },
      [0, 1].map(
        (index) =>
          `FILE:1: prices[${index}] has no price above 0; where that is meant, say "basis": "self_hosted" or "basis": "free"`,
      ),
    ],
    [
      'a word that is nearly one of the allowed',
      { prices: [entryWith({ basis: 'selfhosted', extends: 'list' })] },
      [
        'FILE:1: prices[0].basis must be negotiated or self_hosted or free (did you mean self_hosted?)',
        'FILE:1: prices[0].extends must be table',
      ],
    ],
    [
      'an entry that an earlier one always hides',
      {
        prices: [
          entryWith({ effective_from: '2026-01-01' }),
          entryWith({ project: 'a' }),
          entryWith({ provider: 'X', effective_from: '2026-02-01', effective_to: '2026-03-01' }),
          entryWith({ effective_to: '2027-01-01' }),
        ],
      },
      ['FILE:1: prices[2] never applies: prices[0] comes first, for the same provider, model and times'],
    ],
    [
      'a mistake in the prices of a service tier',
      {
        prices: [
          entryWith({ batch: { per_million: { inpt: 1 } }, service_tiers: { flex: { per_request: 1 }, batch: 0.5 } }),
          entryWith({ model: 'n', service_tiers: { batch: 0.5 } }),
        ],
      },
      [
        'FILE:1: prices[0].batch.per_million has unknown inpt (did you mean input?); allowed: input, cache_read, cache_write, ' +
          'cache_write_1h, input_audio, output, reasoning, output_audio',
        'FILE:1: prices[0].service_tiers.flex.per_million needs per_million',
        'FILE:1: prices[0].service_tiers has batch, which stands beside service_tiers: "batch": 0.5',
        'FILE:1: prices[1].service_tiers has batch, which stands beside service_tiers: "batch": 0.5',
      ],
    ],
  ])('refuses a file with %s', (_, content, lines) => {
    expect(faultsOf(content)).toEqual(lines);
  });

  it('names the line of each fault, also of a name that stands twice', () => {
    const text = [
      '{ "prices": [',
      '  { "provider": "x", "model": "m", "note": "a \\"{", "per_million": {',
      '    "input": 1, "input": 2,',
      '    "output": -1 } },',
      '  { "provider": "x",',
      '    "modle": "n", "multiplier": 1 }',
      '] }',
    ].join('\n');
    expect(faultsOf(text)).toEqual([
      'FILE:3: prices[0].per_million.input stands here twice',
      'FILE:4: prices[0].per_million.output must be a decimal number from 0 to below 1000000000, such as 0.25 or "0.25"',
      'FILE:5: prices[1].model must be text of 1 to 512 characters',
      expect.stringMatching(
        /^FILE:5: prices\[1\] has unknown modle \(did you mean model\?\); allowed: provider, model, /,
      ),
    ]);
  });

  it('says the line where a long file is no JSON', () => {
    const text = `{\n "prices": [\n${'  {},\n'.repeat(20)}  ],\n}`;
    expect(faultsOf(text)).toEqual([expect.stringMatching(/^FILE:23: is not JSON: /)]);
  });

  it('shows twenty faults and counts the others', () => {
    const lines = faultsOf({
      prices: Array.from({ length: 25 }, (_, place) => entryWith({ provider: 5, model: String(place) })),
    });
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)).toBe('FILE: and 5 more faults');
  });

  it('refuses what is no JSON, in one line that shows the place', () => {
    expect(faultsOf('{\n "prices": [,]\n }')).toEqual([
      expect.stringMatching(/^FILE:2: is not JSON: Unexpected token.*\[,\]/),
    ]);
  });

  it('refuses a file that is not there in one line that names the variable', () => {
    const path = join(dir.path, 'none.json');
    expect(linesOf(path)).toEqual([
      `SIGHTGLASS_PRICES_FILE=${path} is not allowed (ENOENT: no such file or directory, stat '${path}'); ` +
        'allowed: a readable JSON file of at most 8388608 bytes',
    ]);
  });
});

function entryWith(more: Record<string, unknown>) {
  return { provider: 'x', model: 'm', per_million: { input: 1 }, ...more };
}

function linesOf(path: string): readonly string[] {
  try {
    loadPriceBook(path);
  } catch (error) {
    if (error instanceof ConfigError) return error.lines;
    throw error;
  }
  throw new Error('the file was accepted');
}
