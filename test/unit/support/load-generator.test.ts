import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createLoadGenerator } from '../../support/load-generator.ts';
import { loadProfiles, type LoadOptions } from '../../support/load-model.ts';
import { decodeSpans, type SentSpan } from '../../support/otlp-decode.ts';

const small: Partial<LoadOptions> = {
  spans: 300,
  batch: 64,
  steps: 5,
  templates: 2,
  start: 1_795_376_862_000,
};

describe('createLoadGenerator', () => {
  it.each(loadProfiles)('counts what a body of the %s profile carries', (profile) => {
    const generator = createLoadGenerator({ ...small, profile });
    for (let n = 0; n < generator.batches; n += 1) {
      const { body, totals } = generator.make(n);
      const spans = decode(body);
      const sum = (key: string) => spans.reduce((total, { attributes }) => total + Number(attributes[key] ?? 0), 0);
      expect(totals).toMatchObject({
        spans: spans.length,
        traces: new Set(spans.map(({ traceId }) => traceId)).size,
        errors: spans.filter(({ status }) => status === 'error').length,
        modelCalls: spans.filter(({ attributes }) => attributes['gen_ai.usage.input_tokens'] !== undefined).length,
        inputTokens: sum('gen_ai.usage.input_tokens'),
        outputTokens: sum('gen_ai.usage.output_tokens'),
        cachedTokens: sum('gen_ai.usage.cache_read.input_tokens'),
      });
    }
  });

  it('makes every span of a run unique, below a parent of the same trace', () => {
    const spans = allSpans(createLoadGenerator({ ...small, profile: 'mixed' }));
    const ids = new Set(spans.map(({ traceId, spanId }) => `${traceId}/${spanId}`));
    expect(ids.size).toBe(spans.length);
    for (const { traceId, parentSpanId } of spans) {
      if (parentSpanId !== null) expect(ids).toContain(`${traceId}/${parentSpanId}`);
    }
  });

  it('gives the same bytes for the same seed and other ids for another', () => {
    const hash = (seed: number) =>
      createHash('sha256')
        .update(createLoadGenerator({ ...small, profile: 'chat', seed }).make(3).body)
        .digest('hex');
    expect(hash(1)).toBe(hash(1));
    expect(hash(1)).not.toBe(hash(2));
    const ids = (seed: number) =>
      new Set(allSpans(createLoadGenerator({ ...small, seed })).map(({ traceId }) => traceId));
    expect(ids(1).isDisjointFrom(ids(2))).toBe(true);
  });

  it('spreads start times over the days asked for', () => {
    const days = 30;
    const starts = allSpans(createLoadGenerator({ ...small, days })).map(({ startTimeUnixNano }) =>
      Number(BigInt(startTimeUnixNano) / 1_000_000n),
    );
    const newest = small.start ?? 0;
    expect(Math.max(...starts)).toBeLessThanOrEqual(newest);
    expect(newest - Math.min(...starts)).toBeGreaterThan((days / 2) * 86_400_000);
  });
});

function allSpans(generator: ReturnType<typeof createLoadGenerator>): SentSpan[] {
  return Array.from({ length: generator.batches }, (_, n) => decode(generator.make(n).body)).flat();
}

function decode(body: Buffer): SentSpan[] {
  return decodeSpans({ contentType: 'application/x-protobuf', body });
}
