import { beforeAll, describe, expect, it } from 'vitest';
import { loadCaptures } from '../support/captures.ts';
import { checkCaptures, type CapturePart } from '../support/check-captures.ts';
import { useDatabase } from '../support/database.ts';
import { startPipeline, type Pipeline } from '../support/pipeline.ts';

let pipeline: Pipeline;

beforeAll(async () => {
  pipeline = await startPipeline(useDatabase());
  return () => pipeline.stop();
});

describe('real SDK bodies', () => {
  it.each(idsOf())('keep every span, id, nanosecond and attribute: %s', async (id) => {
    expect(await failuresOf(id, ['spans'])).toEqual([]);
  });

  it.each(idsOf('otel-openai-'))('keep every message and tool call: %s', async (id) => {
    expect(await failuresOf(id, ['content'])).toEqual([]);
  });

  it.each(idsOf('otel-openai-'))('show nothing twice when they are posted twice: %s', async (id) => {
    expect(await failuresOf(id, ['spans', 'content'], 2)).toEqual([]);
  });
});

function idsOf(...prefixes: string[]): string[] {
  return loadCaptures(...prefixes).map(({ id }) => id);
}

async function failuresOf(id: string, parts: CapturePart[], times = 1): Promise<string[]> {
  const { otlp, api } = pipeline;
  const results = await checkCaptures({ otlp, api, only: [id], parts, times, patienceMs: 5000 });
  return results.get(id) ?? ['not checked'];
}
