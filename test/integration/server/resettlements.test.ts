import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { resettlementReply, resettlementsReply } from '../../../server/contract/resettlements.ts';
import { useDatabase } from '../../support/database.ts';
import { useApi } from './api.ts';

const api = useApi(useDatabase());

const path = `/api/resettlements?project=${api.project}`;

async function ask(method: string, url: string, body?: unknown) {
  const reply = await api.app.request(`http://127.0.0.1${url}`, {
    method,
    headers: { host: '127.0.0.1', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: reply.status, body: await reply.json() };
}

const window = { from: '2026-11-20T00:00:00Z', to: '2026-11-21T00:00:00Z' };

describe('re-settlement over the API', () => {
  it('runs beside, tells how far it is and what it found, and is recorded where it wrote', async () => {
    const started = await ask('POST', path, { ...window, commit: true });
    expect(started.status).toBe(200);
    const { id } = resettlementReply.parse(started.body).resettlement;
    const busy = await ask('POST', path, window);
    expect([200, 409]).toContain(busy.status);
    const read = async () =>
      resettlementReply.parse((await ask('GET', `/api/resettlements/${id}?project=${api.project}`)).body).resettlement;
    const deadline = Date.now() + 30_000;
    let found = await read();
    while (found.status === 'running' && Date.now() < deadline) {
      await sleep(50);
      found = await read();
    }
    expect(found).toMatchObject({
      ...{ status: 'done', commit: true, actor: 'api', error: null },
      result: { changedCount: 0, traceCount: 0, changes: [] },
    });
    const list = resettlementsReply.parse((await ask('GET', path)).body).resettlements;
    expect(list.map((one) => one.id)).toContain(id);
    const rows = await api.db.rows<{ action: string }>(
      `SELECT action FROM audit WHERE project_id = {projectId:String} AND target_id = {id:String} ORDER BY time LIMIT 10`,
      { projectId: api.project, id },
    );
    expect(rows.map(({ action }) => action)).toEqual(['resettlement.started', 'resettlement.done']);
    expect((await ask('GET', `/api/resettlements/${id}?project=another`)).status).toBe(404);
  });

  it.each([
    [{ from: window.from }, '`to` must be an RFC 3339 time such as 2026-11-22T12:00:00Z'],
    [{ from: window.to, to: window.from }, '`from` must be before `to`, both between 1970 and 2262'],
    [{ ...window, commit: 'yes' }, '`commit` must be true or false'],
    [{ ...window, dryRun: true }, 'unknown field `dryRun`; allowed: from, to, commit'],
  ])('refuses %j', async (body, message) => {
    expect(await ask('POST', path, body)).toEqual({
      status: 400,
      body: { error: { code: 'invalid_request', message } },
    });
  });
});
