import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { genAi, genAiAliases } from '../../../../collector/map/conventions/gen-ai.ts';
import { Source } from '../../../../collector/map/source.ts';
import { fillUsage, normaliseUsage } from '../../../../collector/map/usage.ts';
import { spanOf } from './otlp-fixture.ts';

function usageOf(counts: Record<string, bigint | number | string>, scopeName = '') {
  const span = spanOf({}, {}, { scope: { name: scopeName } });
  const source = new Source({ ...span, attributes: new Map(Object.entries(counts)) });
  const usage = normaliseUsage(
    fillUsage([genAi, genAiAliases].flatMap(({ read }) => read(source)?.reading.usage ?? [])),
  );
  if (usage === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(usage)
      .filter(([, count]) => count !== 0n)
      .map(([name, count]) => [name, Number(count)]),
  );
}

describe('token counts', () => {
  it('are read under their current names', () => {
    expect(
      usageOf({
        'gen_ai.usage.input_tokens': 100n,
        'gen_ai.usage.output_tokens': 50n,
        'gen_ai.usage.cache_read.input_tokens': 20n,
        'gen_ai.usage.cache_write.input_tokens': 10n,
        'gen_ai.usage.reasoning.output_tokens': 30n,
        'gen_ai.usage.audio.input_tokens': 5n,
        'gen_ai.usage.audio.output_tokens': 6n,
      }),
    ).toEqual({
      ...{ input: 100, output: 50, cacheRead: 20, cacheWrite: 10, reasoning: 30, inputAudio: 5, outputAudio: 6 },
    });
  });

  it.each([
    ['gen_ai.usage.prompt_tokens', 'input'],
    ['gen_ai.usage.completion_tokens', 'output'],
  ])('are read under the older name %s', (name, field) => {
    expect(usageOf({ [name]: 7n })).toEqual({ [field]: 7 });
  });

  it.each([
    ['gen_ai.usage.cache_read_input_tokens', 'cacheRead'],
    ['gen_ai.usage.cache_creation.input_tokens', 'cacheWrite'],
    ['gen_ai.usage.cache_creation_input_tokens', 'cacheWrite'],
    ['gen_ai.usage.cache_write_input_tokens', 'cacheWrite'],
  ])('are read under the alias %s', (name, field) => {
    expect(usageOf({ 'gen_ai.usage.input_tokens': 10n, [name]: 7n })).toEqual({ input: 10, [field]: 7 });
  });

  it('are taken from the newest name, never added', () => {
    expect(
      usageOf({
        'gen_ai.usage.input_tokens': 10n,
        'gen_ai.usage.prompt_tokens': 11n,
        'gen_ai.usage.cache_write.input_tokens': 3n,
        'gen_ai.usage.cache_creation.input_tokens': 4n,
      }),
    ).toEqual({ input: 10, cacheWrite: 3 });
  });

  it('are whole numbers, however they were sent', () => {
    expect(usageOf({ 'gen_ai.usage.input_tokens': 10, 'gen_ai.usage.output_tokens': '11' })).toEqual({
      input: 10,
      output: 11,
    });
  });

  it.each([[-1n], ['many'], [NaN], [Infinity], [2n ** 53n], [2n ** 63n - 1n], ['9'.repeat(19)]])(
    'are absent where they are none: %s',
    (count) => {
      expect(usageOf({ 'gen_ai.usage.input_tokens': count })).toBeUndefined();
    },
  );

  it('are absent where none was sent', () => {
    expect(usageOf({})).toBeUndefined();
    expect(usageOf({ 'gen_ai.usage.total_tokens': 7n })).toBeUndefined();
  });

  it('may be zero', () => {
    expect(usageOf({ 'gen_ai.usage.input_tokens': 0n })).toEqual({});
  });
});

describe('a source whose input does not include cached tokens', () => {
  it('is known by more cached tokens than input', () => {
    expect(
      usageOf({
        'gen_ai.usage.input_tokens': 4n,
        'gen_ai.usage.cache_read.input_tokens': 90n,
        'gen_ai.usage.cache_write.input_tokens': 6n,
      }),
    ).toEqual({ input: 100, cacheRead: 90, cacheWrite: 6 });
  });

  it('is known by a total that is larger by just these', () => {
    const counts = {
      'gen_ai.usage.input_tokens': 50n,
      'gen_ai.usage.output_tokens': 7n,
      'gen_ai.usage.cache_read.input_tokens': 10n,
    };
    expect(usageOf({ ...counts, 'gen_ai.usage.total_tokens': 67n })).toMatchObject({ input: 60 });
    expect(usageOf({ ...counts, 'gen_ai.usage.total_tokens': 57n })).toMatchObject({ input: 50 });
    expect(usageOf(counts)).toMatchObject({ input: 50 });
  });

  it.each([
    ['gen_ai.usage.input_tokens', 'gen_ai.usage.cache_read.input_tokens', 'gen_ai.usage.cache_creation.input_tokens'],
    ['gen_ai.usage.input_tokens', 'gen_ai.usage.cache_read_input_tokens', 'gen_ai.usage.cache_creation_input_tokens'],
    ['gen_ai.usage.prompt_tokens', 'gen_ai.usage.cache_read_input_tokens', 'gen_ai.usage.cache_creation_input_tokens'],
  ])('is known by its scope, whatever the names: %s %s', (input, cacheRead, cacheWrite) => {
    const counts = { [input]: 50n, [cacheRead]: 10n, [cacheWrite]: 5n };
    const exclusive = '@traceloop/instrumentation-anthropic';
    expect(usageOf(counts, exclusive)).toEqual({ input: 65, cacheRead: 10, cacheWrite: 5 });
    expect(usageOf(counts, 'opentelemetry.instrumentation.anthropic')).toMatchObject({ input: 50 });
  });

  it('may split cache writes by their lifetime', () => {
    expect(
      usageOf({
        'gen_ai.usage.input_tokens': 50n,
        'anthropic.usage.cache_creation.ephemeral_5m_input_tokens': 3n,
        'anthropic.usage.cache_creation.ephemeral_1h_input_tokens': 4n,
      }),
    ).toEqual({ input: 50, cacheWrite: 7, cacheWrite5m: 3, cacheWrite1h: 4 });
  });
});

describe('a source whose output does not include reasoning', () => {
  it.each([
    ['a total that is larger by just that', { output: 10n, reasoning: 4n, total: 64n }, 14n],
    ['more reasoning than output', { output: 3n, reasoning: 4n }, 7n],
    [
      'a total that has it, beside cached tokens left out',
      { output: 10n, reasoning: 4n, cacheRead: 9n, total: 73n },
      14n,
    ],
  ])('is known by %s', (_how, counts, output) => {
    expect(normaliseUsage({ input: 50n, ...counts })).toMatchObject({ output, reasoning: 4n });
  });

  it('is not taken for one by a total that says nothing', () => {
    expect(normaliseUsage({ input: 50n, output: 10n, reasoning: 4n, total: 60n })).toMatchObject({ output: 10n });
  });
});

describe('normalised totals', () => {
  it('include their parts, whatever was sent', () => {
    const counts = fc.option(fc.bigInt({ min: 0n, max: BigInt(Number.MAX_SAFE_INTEGER) }), { nil: undefined });
    fc.assert(
      fc.property(
        fc.record({
          ...{ input: counts, output: counts, cacheRead: counts, cacheWrite: counts },
          ...{ cacheWrite5m: counts, cacheWrite1h: counts, reasoning: counts, total: counts },
        }),
        (raw) => {
          const usage = normaliseUsage(raw);
          if (usage === undefined) return;
          expect(usage.input).toBeGreaterThanOrEqual(usage.cacheRead + usage.cacheWrite);
          expect(usage.output).toBeGreaterThanOrEqual(usage.reasoning);
          for (const count of Object.values(usage)) expect(count).toBeLessThan(2n ** 63n);
        },
      ),
    );
  });
});

describe('several sources of one call', () => {
  it('fill gaps of the first, and are never added', () => {
    expect(fillUsage([{ input: 10n }, { input: 20n, output: 5n }, { output: 6n, reasoning: 1n }])).toMatchObject({
      ...{ input: 10n, output: 5n, reasoning: 1n },
    });
    expect(fillUsage([])).toEqual({});
  });

  it('are made inclusive each by itself', () => {
    const exclusive = { input: 4n, cacheRead: 90n };
    expect(fillUsage([exclusive, { input: 94n, cacheWrite: 2n }])).toMatchObject({
      ...{ input: 94n, cacheRead: 90n, cacheWrite: 2n },
    });
    expect(fillUsage([{ output: 7n }, exclusive])).toMatchObject({ input: 94n, output: 7n, cacheRead: 90n });
  });

  it('may together show that the first counts without the cache', () => {
    const usage = normaliseUsage(fillUsage([{ input: 4n, output: 1n }, { cacheRead: 90n }]));
    expect(usage).toMatchObject({ input: 94n, output: 1n, cacheRead: 90n });
  });

  it('count alike where their input is the same', () => {
    const known = { input: 325n, cacheRead: 48n, isExclusive: true } as const;
    expect(fillUsage([{ input: 325n, output: 38n }, known])).toMatchObject({
      input: 373n,
      output: 38n,
      cacheRead: 48n,
    });
    expect(fillUsage([{ input: 325n, cacheRead: 48n }, known])).toMatchObject({ input: 373n, cacheRead: 48n });
    expect(fillUsage([{ input: 4n }, { input: 4n, cacheRead: 90n }])).toMatchObject({ input: 94n, cacheRead: 90n });
    expect(fillUsage([{ input: 100n }, { input: 100n, cacheRead: 90n }])).toMatchObject({ input: 100n });
    expect(fillUsage([{ input: 373n }, known])).toMatchObject({ input: 373n, cacheRead: 48n });
  });

  it('have the total of the source that has the input', () => {
    expect(fillUsage([{ input: 50n }, { input: 60n, total: 70n }]).total).toBeUndefined();
    expect(fillUsage([{ output: 5n }, { input: 60n, total: 70n }]).total).toBe(70n);
  });
});
