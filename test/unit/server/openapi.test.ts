import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createApp } from '../../../server/app.ts';
import { LiveFeed } from '../../../server/live/live-feed.ts';
import { loadPriceBook } from '../../../server/load-price-book.ts';
import { connectDb } from '../../../server/queries/db.ts';
import { channelsOn } from '../../support/channels.ts';
import { configurationOn } from '../../support/configuration.ts';
import { keysOn } from '../../support/keys.ts';
import { resettlementsOn } from '../../support/resettlements.ts';

const parameter = z.object({
  name: z.string(),
  in: z.enum(['query', 'path', 'header']),
  description: z.string().min(5),
  required: z.boolean().optional(),
  schema: z.record(z.string(), z.unknown()),
});
const operation = z.object({
  summary: z.string().min(5),
  tags: z.array(z.string()).min(1),
  parameters: z.array(parameter).optional(),
  responses: z.record(
    z.string().regex(/^(\d{3}|default)$/),
    z.object({ description: z.string().min(2), content: z.record(z.string(), z.object({ schema: z.unknown() })) }),
  ),
});
const document = z.object({
  openapi: z.literal('3.1.0'),
  info: z.object({ title: z.string(), version: z.string() }),
  paths: z.record(z.string().startsWith('/'), z.partialRecord(z.enum(['get', 'post', 'put', 'delete']), operation)),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
});

describe('the description of the API', () => {
  it('is an OpenAPI document in which every parameter is explained', async () => {
    const { paths } = document.parse(await describeApi());
    for (const [path, operations] of Object.entries(paths)) {
      for (const { parameters = [] } of Object.values(operations)) {
        const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
        expect(parameters.filter((one) => one.in === 'path').map((one) => one.name)).toEqual(inPath);
        expect(parameters.filter((one) => one.in === 'path').every((one) => one.required)).toBe(true);
      }
    }
  });

  it('has every request of the API and its errors', async () => {
    const { paths } = document.parse(await describeApi());
    expect(Object.keys(paths).toSorted()).toEqual([
      '/api/agent-traffic',
      '/api/agents',
      '/api/agents/{name}',
      '/api/agents/{name}/chat',
      '/api/agents/{name}/sessions/{sessionId}',
      '/api/agents/{name}/sessions/{sessionId}/cancel',
      '/api/alerts/backtest',
      '/api/alerts/channels',
      '/api/alerts/channels/{channelId}',
      '/api/alerts/channels/{channelId}/test',
      '/api/alerts/deliveries',
      '/api/alerts/deliveries/{deliveryId}/retry',
      '/api/alerts/events',
      '/api/alerts/rules',
      '/api/alerts/rules/{ruleId}',
      '/api/alerts/states',
      '/api/alerts/states/{ruleId}/acknowledge',
      '/api/alerts/states/{ruleId}/silence',
      '/api/budgets',
      '/api/budgets/check',
      '/api/budgets/resolve',
      '/api/budgets/{budgetId}',
      '/api/costs',
      '/api/costs.csv',
      '/api/costs/cache-savings',
      '/api/costs/forecast',
      '/api/costs/movers',
      '/api/costs/sessions-summary',
      '/api/facets',
      '/api/ingest',
      '/api/keys',
      '/api/keys/{keyId}',
      '/api/labels',
      '/api/labels/values',
      '/api/ledger',
      '/api/live',
      '/api/login',
      '/api/logout',
      '/api/me',
      '/api/openapi.json',
      '/api/owners',
      '/api/owners/preview',
      '/api/owners/{ownerId}',
      '/api/prices',
      '/api/prices/schema.json',
      '/api/projects',
      '/api/resettlements',
      '/api/resettlements/{id}',
      '/api/sessions',
      '/api/sessions/{sessionId}',
      '/api/settlement',
      '/api/spans',
      '/api/statement',
      '/api/statement.csv',
      '/api/traces',
      '/api/traces/histogram',
      '/api/traces/{traceId}',
      '/api/traces/{traceId}/spans/{spanId}',
      '/api/unpriced',
      '/healthz',
      '/readyz',
    ]);
    const list = paths['/api/traces']?.get;
    expect(list?.parameters?.map((one) => one.name)).toContain('minCostUsd');
    expect(Object.keys(list?.responses ?? {})).toEqual([
      '200',
      '400',
      '401',
      '403',
      '415',
      '421',
      '422',
      '500',
      '503',
      '504',
    ]);
    expect(paths['/api/live']?.get?.responses['200']?.content).toHaveProperty('text/event-stream');
  });

  it('refers only to schemas that it has', async () => {
    const described = await describeApi();
    const { components } = document.parse(described);
    const names = [...JSON.stringify(described).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
      (match) => match[1],
    );
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => name === undefined || !(name in components.schemas))).toEqual([]);
    expect(Object.keys(components.schemas)).toEqual(
      expect.arrayContaining([
        'TraceSummary',
        'SpanSkeleton',
        'SpanDetail',
        'Usage',
        'Cost',
        'Price',
        'Message',
        'Part',
        'Error',
      ]),
    );
  });
});

async function describeApi(): Promise<unknown> {
  const nowhere = { url: 'http://127.0.0.1:9/none' };
  const db = connectDb(nowhere);
  const log = pino({ level: 'silent' });
  const app = createApp({
    ...{ db, log, liveFeed: new LiveFeed({ db, log }), priceBook: loadPriceBook(undefined) },
    resettlements: resettlementsOn(nowhere),
    keys: keysOn(nowhere),
    configuration: configurationOn(nowhere),
    channels: channelsOn(nowhere),
    now: Date.now,
    uiDirectory: import.meta.dirname,
    schemaVersion: '',
    publicUrl: 'http://127.0.0.1:4000',
  });
  const response = await app.request('http://127.0.0.1/api/openapi.json', { headers: { host: '127.0.0.1' } });
  return response.json();
}
