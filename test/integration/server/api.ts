import type { Hono } from 'hono';
import { pino } from 'pino';
import { afterAll } from 'vitest';
import type { z } from 'zod';
import { createApp } from '../../../server/app.ts';
import { errorReply } from '../../../server/contract/errors-reply.ts';
import { spanListReply, spanReply } from '../../../server/contract/spans.ts';
import {
  facetsReply,
  histogramReply,
  projectsReply,
  traceListReply,
  traceReply,
} from '../../../server/contract/traces.ts';
import { LiveFeed } from '../../../server/live/live-feed.ts';
import { loadPriceBook } from '../../../server/load-price-book.ts';
import type { ServerEnv } from '../../../server/middleware/environment.ts';
import { connectDb } from '../../../server/queries/db.ts';
import { newProjectId, type TestDatabase } from '../../support/database.ts';
import { fixtureWriter } from './fixtures.ts';
import { channelsOn } from '../../support/channels.ts';
import { configurationOn } from '../../support/configuration.ts';
import { keysOn } from '../../support/keys.ts';
import { resettlementsOn } from '../../support/resettlements.ts';

type Parameters = Record<string, string | number | readonly string[] | undefined>;

/** A day around the fixtures' noon. */
const window = { from: '2026-11-20T00:00:00Z', to: '2026-11-21T00:00:00Z' };

/** The server in this process on the real database, with one project of its own; every reply is checked by its schema. */
export function useApi(database: TestDatabase) {
  const project = newProjectId();
  const db = connectDb(database);
  const log = pino({ level: 'silent' });
  const liveFeed = new LiveFeed({ db, log });
  const app = createApp({
    ...{
      db,
      log,
      liveFeed,
      resettlements: resettlementsOn(database),
      keys: keysOn(database),
      configuration: configurationOn(database),
      channels: channelsOn(database, { allowsPrivate: true }),
      priceBook: loadPriceBook(undefined),
    },
    now: () => Date.parse('2026-11-20T18:00:00Z'),
    uiDirectory: import.meta.dirname,
    schemaVersion: '0001_spans.sql',
    publicUrl: undefined,
  });
  const write = fixtureWriter(database, project);
  afterAll(async () => {
    liveFeed.close();
    await Promise.all([write.close(), db.close()]);
  });
  const read = async <T>(schema: z.ZodType<T>, path: string, parameters: Parameters = {}): Promise<T> => {
    const { status, body } = await request(app, path, { project, ...parameters });
    if (status !== 200) throw new Error(`${path} answered ${String(status)}: ${JSON.stringify(body)}`);
    return schema.parse(body);
  };
  return {
    project,
    write,
    app,
    db,
    listTraces: (parameters: Parameters = {}) => read(traceListReply, '/api/traces', { ...window, ...parameters }),
    listSpans: (parameters: Parameters = {}) => read(spanListReply, '/api/spans', { ...window, ...parameters }),
    listFacets: async (parameters: Parameters = {}) => {
      const { facets } = await read(facetsReply, '/api/facets', { ...window, ...parameters });
      return Object.fromEntries(
        facets.map(({ name, values }) => [
          name,
          Object.fromEntries(values.map(({ value, traceCount }) => [value, traceCount])),
        ]),
      );
    },
    countTraces: (parameters: Parameters = {}) =>
      read(histogramReply, '/api/traces/histogram', { ...window, ...parameters }),
    getTrace: (traceId: string, parameters: Parameters = {}) => read(traceReply, `/api/traces/${traceId}`, parameters),
    getSpan: async (traceId: string, spanId: string) =>
      (await read(spanReply, `/api/traces/${traceId}/spans/${spanId}`)).span,
    listProjects: () => read(projectsReply, '/api/projects', { project: undefined }),
    /** The status and, of an error, its checked body. */
    ask: async (path: string, parameters: Parameters = {}) => {
      const { status, body } = await request(app, path, parameters);
      return { status, error: status === 200 ? undefined : errorReply.parse(body).error };
    },
  };
}

export type Api = ReturnType<typeof useApi>;

export async function request(
  app: Hono<ServerEnv>,
  path: string,
  parameters: Parameters = {},
  init: { method?: string; headers?: Record<string, string> } = {},
): Promise<{ status: number; body: unknown; headers: Headers }> {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    const values = Array.isArray(value) ? (value as readonly string[]) : [value];
    for (const one of values) if (one !== undefined) search.append(name, String(one));
  }
  const url = `http://127.0.0.1${path}${search.size === 0 ? '' : `?${search.toString()}`}`;
  const response = await app.request(url, { ...init, headers: { host: '127.0.0.1', ...init.headers } });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
  return { status: response.status, body: isJson ? (JSON.parse(text) as unknown) : text, headers: response.headers };
}
