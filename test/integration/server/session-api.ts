import { afterAll } from 'vitest';
import type { z } from 'zod';
import { sessionListReply, sessionReply } from '../../../server/contract/sessions.ts';
import type { TestDatabase } from '../../support/database.ts';
import { request, useApi } from './api.ts';
import { sessionWriter } from './session-fixtures.ts';

type Parameters = Record<string, string | number | readonly string[] | undefined>;

/** A day around the fixtures' noon. */
const window = { from: '2026-11-20T00:00:00Z', to: '2026-11-21T00:00:00Z' };

/** The server with one project of its own, and what settlement would have written in it; every reply is checked by its schema. */
export function useSessionApi(database: TestDatabase) {
  const api = useApi(database);
  const settled = sessionWriter(database, api.project);
  afterAll(() => settled.close());
  const read = async <T>(schema: z.ZodType<T>, path: string, parameters: Parameters): Promise<T> => {
    const { status, body } = await request(api.app, path, { project: api.project, ...parameters });
    if (status !== 200) throw new Error(`${path} answered ${String(status)}: ${JSON.stringify(body)}`);
    return schema.parse(body);
  };
  const listSessions = (parameters: Parameters = {}) =>
    read(sessionListReply, '/api/sessions', { ...window, ...parameters });
  return {
    ...api,
    settled,
    listSessions,
    listIds: async (parameters: Parameters = {}) =>
      (await listSessions(parameters)).sessions.map((session) => session.sessionId),
    getSession: (sessionId: string, parameters: Parameters = {}) =>
      read(sessionReply, `/api/sessions/${encodeURIComponent(sessionId)}`, parameters),
  };
}
