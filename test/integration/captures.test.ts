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

/** What speaks OpenTelemetry's GenAI names, if only beside its own, or OpenInference's. */
const understood = [
  'otel-openai-',
  'anthropic-native-',
  'traceloop-openai-',
  'traceloop-anthropic-',
  'vercel-ai7-generate-',
  'vercel-ai7-stream-',
  'vercel-ai7-errors',
  'vercel-ai7-anthropic-',
  'vercel-ai7-langfuse-',
  'mastra-',
  'langfuse-',
  'logfire-',
  'openinference-',
];

describe('real SDK bodies', () => {
  it.each(idsOf(...understood))('keep every span, attribute, message and tool call: %s', async (id) => {
    expect(await failuresOf(id, ['spans', 'content'])).toEqual([]);
  });

  it.each(others())('keep every span, id, nanosecond and attribute: %s', async (id) => {
    expect(await failuresOf(id, ['spans'])).toEqual([]);
  });

  it.each(idsOf(...understood))('show nothing twice when they are posted twice: %s', async (id) => {
    expect(await failuresOf(id, ['spans', 'content'], 2)).toEqual([]);
  });
});

function idsOf(...prefixes: string[]): string[] {
  return loadCaptures(...prefixes).map(({ id }) => id);
}

function others(): string[] {
  const known = new Set(idsOf(...understood));
  return idsOf().filter((id) => !known.has(id));
}

async function failuresOf(id: string, parts: CapturePart[], times = 1): Promise<string[]> {
  const { otlp, api } = pipeline;
  const results = await checkCaptures({ otlp, api, only: [id], parts, times, patienceMs: 2000 });
  return results.get(id) ?? ['not checked'];
}
