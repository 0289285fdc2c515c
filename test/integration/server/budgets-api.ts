import { randomBytes } from 'node:crypto';
import { afterAll } from 'vitest';
import { pino } from 'pino';
import { z } from 'zod';
import { tables } from '../../../migrations/schema.ts';
import { createApp } from '../../../server/app.ts';
import { checkReply, resolveReply } from '../../../server/contract/budget-calls.ts';
import { type Budget, budget, budgetReply, budgetsReply } from '../../../server/contract/budgets.ts';
import { errorReply } from '../../../server/contract/errors-reply.ts';
import { LiveFeed } from '../../../server/live/live-feed.ts';
import { loadPriceBook } from '../../../server/load-price-book.ts';
import { connectDb } from '../../../server/queries/db.ts';
import { configurationOn } from '../../support/configuration.ts';
import { channelsOn } from '../../support/channels.ts';
import { connectDatabase, newProjectId, type TestDatabase } from '../../support/database.ts';
import { keysOn } from '../../support/keys.ts';
import { resettlementsOn } from '../../support/resettlements.ts';
import { type BookingFixture, ledgerWriter } from './ledger-fixtures.ts';

/** Budgets over HTTP in this process, on the real database, in a project of its own; every reply is checked by its schema. */
export function useBudgets(database: TestDatabase, options: { runtimeUrl?: () => string | undefined } = {}) {
  const project = newProjectId();
  const db = connectDb(database);
  const log = pino({ level: 'silent' });
  const liveFeed = new LiveFeed({ db, log });
  const client = connectDatabase(database);
  const [keys, configuration] = [keysOn(database), configurationOn(database)];
  const clock = { nowMs: Date.parse('2026-11-20T18:00:00Z') };
  const channels = channelsOn(database);
  let app: ReturnType<typeof createApp> | undefined;
  const getApp = () =>
    (app ??= createApp({
      ...{ db, log, liveFeed, keys, configuration, resettlements: resettlementsOn(database) },
      channels,
      priceBook: loadPriceBook(undefined),
      now: () => clock.nowMs,
      uiDirectory: import.meta.dirname,
      schemaVersion: '',
      publicUrl: undefined,
      runtimeUrl: options.runtimeUrl?.(),
    }));
  const ledger = ledgerWriter(database, project);
  afterAll(async () => {
    liveFeed.close();
    await Promise.all([ledger.close(), client.close(), keys.close(), configuration.close(), db.close()]);
  });

  const send = async (method: string, path: string, body?: unknown) => {
    const url = new URL(`http://127.0.0.1/api/budgets${path}`);
    if (!url.searchParams.has('project')) url.searchParams.set('project', project);
    const response = await getApp().request(url.href, {
      method,
      headers: { host: '127.0.0.1', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  };
  const ask = async <T>(schema: z.ZodType<T>, method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await send(method, path, body);
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return schema.parse(answer.body);
  };
  /** Calls at times, each in a trace of its own that has its place; nothing is booked yet. */
  const place = async (...calls: readonly Call[]): Promise<Booked[]> => {
    const booked = calls.map(({ time, ...call }): Booked => ({
      ...{ traceId: randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex'), ...call },
      startNs: BigInt(Date.parse(time)) * 1_000_000n,
    }));
    await client.command({
      query: `INSERT INTO ${tables.tracePlaces} (trace_id, project_id, days, first_ingested_at, last_ingested_at)
        SELECT toFixedString(unhex(place.1), 16), {project:String}, [toDate(place.2)], now64(3), now64(3)
        FROM (SELECT arrayJoin(arrayZip({traceIds:Array(String)}, {days:Array(String)})) AS place)`,
      query_params: {
        project,
        traceIds: booked.map(({ traceId }) => traceId),
        days: booked.map(({ startNs }) => new Date(Number(startNs / 1_000_000n)).toISOString().slice(0, 10)),
      },
    });
    return booked;
  };
  const changed = z.object({ budget });
  return {
    ...{ project, db, clock, ledger, channels },
    send,
    /** The status and the error of what is refused. */
    refuse: async (method: string, path: string, body?: unknown) => {
      const { status, body: reply } = await send(method, path, body);
      return [status, errorReply.parse(reply).error.code, errorReply.parse(reply).error.message] as const;
    },
    list: () => ask(budgetsReply, 'GET', ''),
    get: (budgetId: string, value?: string) =>
      ask(budgetReply, 'GET', `/${budgetId}${value === undefined ? '' : `?value=${encodeURIComponent(value)}`}`),
    create: async (input: object): Promise<Budget> =>
      (
        await ask(changed, 'POST', '', {
          name: 'a budget',
          scope: 'project',
          amountUsd: '10',
          period: monthly,
          ...input,
        })
      ).budget,
    change: async (budgetId: string, input: object): Promise<Budget> =>
      (await ask(changed, 'PUT', `/${budgetId}`, input)).budget,
    remove: async (budgetId: string) => (await ask(changed, 'DELETE', `/${budgetId}`)).budget,
    check: (body: object) => ask(checkReply, 'POST', '/check', body),
    resolve: (body: object) => ask(resolveReply, 'POST', '/resolve', body),
    place,
    /** As `place`, and booked; what is given back can be taken back. */
    book: async (...calls: readonly Call[]): Promise<Booked[]> => {
      const booked = await place(...calls);
      await ledger.bookAll(booked);
      return booked;
    },
    writeOwners: (rules: readonly object[]) =>
      Promise.all(
        rules.map((body, i) =>
          configuration.write({ objectType: 'owner', projectId: project, objectId: `rule-${i}`, body, author: 'test' }),
        ),
      ),
    /** What a SELECT of one's own over the ledger says, exactly as ClickHouse writes it; `''` of nothing. */
    sumLedger: async (where: string): Promise<string> => {
      const answer = await client.query({
        query: `SELECT toString(sum(cost_usd)) AS usd FROM ledger WHERE project_id = {project:String} AND (${where})`,
        query_params: { project },
        format: 'JSONEachRow',
      });
      return (await answer.json<{ usd: string }>())[0]?.usd ?? '';
    },
  };
}

export interface Booked extends BookingFixture {
  startNs: bigint;
}
export type Call = Omit<BookingFixture, 'traceId' | 'spanId' | 'at' | 'startNs'> & {
  /** RFC 3339. */
  time: string;
};
export const monthly = { kind: 'calendar', unit: 'month', timeZone: 'UTC' } as const;
