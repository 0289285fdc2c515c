import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorReply } from '../../../server/contract/errors-reply.ts';
import { priceReply } from '../../../server/contract/prices.ts';
import { useDatabase } from '../../support/database.ts';
import { environmentOf } from '../../support/pipeline.ts';
import { type Program, startProgram } from '../../support/program.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

describe('prices over HTTP', () => {
  const database = useDatabase();
  const dir = makeTempDir('prices');
  const path = join(dir.path, 'prices.json');
  let server: Program;

  beforeAll(async () => {
    const own = {
      ...{ provider: 'vllm', model: 'acme/*', effective_from: '2026-01-01', per_million: { input: 0.05, output: 0.1 } },
      tiers: [{ above_input_tokens: 32_000, per_million: { input: 0.1 } }],
      ...{ batch: 0.5, service_tiers: { flex: { per_million: { input: 0.04 } } } },
      ...{ basis: 'self_hosted', note: 'our own machines' },
    };
    const lab = { provider: 'vllm', model: 'acme/*', project: 'lab', per_million: 0, basis: 'self_hosted' };
    writeFileSync(path, JSON.stringify({ prices: [lab, own, { provider: 'anthropic', model: '*', multiplier: 0.9 }] }));
    server = await startProgram('server/main.ts', { ...environmentOf(database), SIGHTGLASS_PRICES_FILE: path });
  });
  afterAll(async () => {
    await server.stop();
    dir.remove();
  });

  async function ask(parameters: Record<string, string>): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`${server.url}/api/prices?${new URLSearchParams(parameters).toString()}`);
    return { status: response.status, body: await response.json() };
  }
  const getPrice = async (parameters: Record<string, string>) => priceReply.parse((await ask(parameters)).body).price;
  const getError = async (parameters: Record<string, string>) => {
    const { status, body } = await ask(parameters);
    return { status, ...errorReply.parse(body).error };
  };

  it('are those of the table, at the time that is asked', async () => {
    const before = await getPrice({ provider: 'openai', model: 'o3-2025-04-16', at: '2025-06-09T23:59:59Z' });
    expect(before).toMatchObject({
      ...{ provider: 'openai', model: 'o3', source: 'table', effectiveFromUnixNano: null },
      effectiveToUnixNano: '1749513600000000000', // 2025-06-10
      perMillionUsd: { input: '10', cacheRead: '0.5', cacheWrite: null, output: '40', reasoning: null },
    });
    expect(before.version).toMatch(/^genai-prices@\d+\.\d+\.\d+$/);
    const since = await getPrice({ provider: 'openai', model: 'o3-2025-04-16' });
    expect(since).toMatchObject({ effectiveFromUnixNano: '1749513600000000000', effectiveToUnixNano: null });
    expect(since.perMillionUsd).toMatchObject({ input: '2', output: '8' });
  });

  it('say their tiers by context, the part of the day and what is billed besides tokens', async () => {
    expect((await getPrice({ provider: 'gcp.gemini', model: 'gemini-2.5-pro' })).tiers).toEqual([
      {
        aboveInputTokens: 200_000,
        perMillionUsd: {
          ...{ input: '2.5', cacheRead: '0.25', cacheWrite: null, cacheWrite1h: null, inputAudio: null },
          ...{ output: '15', reasoning: null, outputAudio: null },
        },
      },
    ]);
    const day = { provider: 'deepseek', model: 'deepseek-chat', at: '2026-01-01T12:00:00Z' };
    expect((await getPrice(day)).daily).toEqual({ from: '00:30:00Z', to: '16:30:00Z' });
    expect((await getPrice({ provider: 'perplexity', model: 'sonar' })).perRequestUsd).toBe('0.012');
    expect((await getPrice({ provider: 'openai', model: 'whisper-1' })).uncounted).toContain('audio_hours');
  });

  it('are those of the override file first, with its version', async () => {
    expect(await getPrice({ provider: 'vllm', model: 'acme/tuned' })).toEqual({
      ...{ provider: 'vllm', model: 'acme/*', source: 'file', daily: null },
      ...{ basis: 'self_hosted', note: 'our own machines' },
      version: expect.stringMatching(/^file:[0-9a-f]{12}#1$/) as string,
      ...{ effectiveFromUnixNano: '1767225600000000000', effectiveToUnixNano: null }, // 2026-01-01
      perMillionUsd: perMillionOf({ input: '0.05', output: '0.1' }),
      tiers: [{ aboveInputTokens: 32_000, perMillionUsd: perMillionOf({ input: '0.1', output: '0.1' }) }],
      ...{ perRequestUsd: null, multiplier: null },
      serviceTiers: {
        batch: { factor: '0.5', rates: null },
        flex: {
          factor: null,
          rates: { perMillionUsd: perMillionOf({ input: '0.04' }), perRequestUsd: null, tiers: [] },
        },
      },
      uncounted: [],
    });
    expect(await getPrice({ project: 'lab', provider: 'vllm', model: 'acme/tuned' })).toMatchObject({
      perMillionUsd: perMillionOf({ input: '0', output: '0', cacheRead: '0', cacheWrite: '0', cacheWrite1h: '0' }),
    });
    const adjusted = await getPrice({ model: 'claude-sonnet-4-20250514' });
    expect(adjusted).toMatchObject({ source: 'file', multiplier: '0.9', provider: 'anthropic' });
    expect(adjusted.perMillionUsd).toMatchObject({ input: '3', cacheWrite1h: '6' });
    expect(adjusted.version).toMatch(/^file:[0-9a-f]{12}#2\+genai-prices@/);
  });

  it('are not found where there are none, and a wrong question is refused', async () => {
    expect(await getError({ provider: 'openai', model: 'gpt-77' })).toEqual({
      status: 404,
      code: 'price_not_found',
      message: 'there is no price for openai gpt-77',
    });
    expect(await getError({ provider: 'vllm', model: 'acme/x', at: '2025-12-31T23:59:59Z' })).toMatchObject({
      code: 'price_not_found',
    });
    expect(await getError({ provider: 'openai' })).toMatchObject({
      status: 400,
      message: '`model` must be given once',
    });
    expect(await getError({ model: 'm', at: 'May' })).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(await getError({ model: 'm', at: '1950-01-01T00:00:00Z' })).toMatchObject({ code: 'invalid_request' });
    expect((await getError({ model: 'm', provder: 'x' })).message).toContain('unknown parameter `provder`');
  });

  it('have a schema for editors', async () => {
    const response = await fetch(`${server.url}/api/prices/schema.json`);
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(await response.json()).toMatchObject({
      title: 'Sightglass price overrides',
      properties: { prices: { items: { properties: { service_tiers: {}, extends: { enum: ['table'] } } } } },
    });
  });

  it('stop the start of the server where the override file is wrong, a line for each fault', async () => {
    const wrong = join(dir.path, 'wrong.json');
    writeFileSync(
      wrong,
      '{ "prices": [{ "provider": "x", "model": "m", "per_million": { "input": -1 }, "batch": "half" }] }',
    );
    const started = startProgram('server/main.ts', { ...environmentOf(database), SIGHTGLASS_PRICES_FILE: wrong });
    const message = await started.then(
      () => 'it started',
      (error: unknown) => (error instanceof Error ? error.message : ''),
    );
    expect(message.trim().split('\n')).toEqual([
      'server/main.ts ended with 1 before it was ready',
      `${wrong}:1: prices[0].per_million.input must be a decimal number from 0 to below 1000000000, such as 0.25 or "0.25"`,
      `${wrong}:1: prices[0].batch must be a decimal number from 0 to below 1000000000, such as 0.25 or "0.25"`,
    ]);
  });
});

function perMillionOf(
  prices: Partial<Record<'input' | 'output' | 'cacheRead' | 'cacheWrite' | 'cacheWrite1h', string>>,
) {
  return {
    ...{ input: null, cacheRead: null, cacheWrite: null, cacheWrite1h: null, inputAudio: null },
    ...{ output: null, reasoning: null, outputAudio: null },
    ...prices,
  };
}
