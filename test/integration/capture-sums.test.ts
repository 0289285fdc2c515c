import { beforeAll, describe, expect, it } from 'vitest';
import type { SendingWay } from '../support/capture-posts.ts';
import { checkCaptures } from '../support/check-captures.ts';
import { type OwnDatabase, startDatabase } from '../support/database.ts';
import { startPipeline, type Pipeline } from '../support/pipeline.ts';

let database: OwnDatabase;
let pipeline: Pipeline;

beforeAll(async () => {
  database = await startDatabase();
  pipeline = await startPipeline(database);
  return async () => {
    await pipeline.stop();
    await database.stop();
  };
});

/** Settlement looks every second for what came. */
const spreadMs = 1_200;

const ways: [string, SendingWay & { spreadMs?: number }][] = [
  ['as they were sent', {}],
  ['the last request first', { reversed: true }],
  ['every request twice', { times: 2 }],
  ['every span in a request of its own, children first', { split: true }],
  ['every span in a request of its own, parents first, each twice', { split: true, reversed: true, times: 2 }],
  ['with settlement between the requests', { spreadMs, times: 2 }],
  ['with settlement between the spans, children first', { split: true, spreadMs }],
  ['with settlement between the spans, parents first', { split: true, reversed: true, spreadMs }],
];

/** All ways at once, each with all captures: minutes where two cores have other work, too. */
const timeoutMs = 300_000;

describe('sums of real SDK bodies are those of the model server', { concurrent: true, timeout: timeoutMs }, () => {
  it.each(ways)('%s', async (_name, way) => {
    const { otlp, api } = pipeline;
    const results = await checkCaptures({ otlp, api, parts: ['sums', 'sessions'], patienceMs: 120_000, ...way });
    expect([...results].filter(([, failures]) => failures.length > 0)).toEqual([]);
    expect(results.size).toBe(41);
  });
});
