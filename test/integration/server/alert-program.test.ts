import { afterAll, beforeAll, expect, it } from 'vitest';
import { alertEventsReply, alertStatesReply } from '../../../server/contract/alerts.ts';
import { ruleOf } from '../../support/alert-rules.ts';
import { configurationOn } from '../../support/configuration.ts';
import { newProjectId, useDatabase } from '../../support/database.ts';
import { makeOwnTables } from '../../support/own-tables.ts';
import { environmentOf } from '../../support/pipeline.ts';
import { type Program, startProgram } from '../../support/program.ts';
import { ledgerWriter } from './ledger-fixtures.ts';

let tables: Awaited<ReturnType<typeof makeOwnTables>>;
const running: Program[] = [];
beforeAll(async () => {
  tables = await makeOwnTables(useDatabase());
});
afterAll(async () => {
  await Promise.all(running.map((server) => server.kill()));
  await tables.remove();
});

it('of two servers one looks at the rules, and the other one when it is killed', async () => {
  const project = newProjectId();
  const configuration = configurationOn(tables);
  const body = ruleOf({ groupBy: 'agent', warning: 1 });
  await configuration.write({ objectType: 'rule', projectId: project, objectId: 'r1', body, author: 'test' });
  const ledger = ledgerWriter(tables, project);
  const startNs = BigInt(Date.now() - 600_000) * 1_000_000n;
  await ledger.book({ traceId: '1'.repeat(32), spanId: '1'.repeat(16), startNs, agent: 'support', costUsd: '3' });
  await Promise.all([configuration.close(), ledger.close()]);
  for (let count = 0; count < 2; count += 1) {
    running.push(await startProgram('server/main.ts', environmentOf(tables)));
  }
  const read = async (server: Program, path: string) => (await fetch(`${server.url}${path}`)).text();
  const lastTick = async (server: Program) =>
    alertStatesReply.parse(JSON.parse(await read(server, `/api/alerts/states?project=${project}`)));
  const writtenBy = async (server: Program) => {
    const series = /^sightglass_alert_ticks_total\{outcome="written"\} (\d+)/m;
    return Number(series.exec(await read(server, '/metrics'))?.[1] ?? 0);
  };
  const patience = { timeout: 60_000, interval: 500 };

  const [one, other] = running as [Program, Program];
  await expect.poll(async () => (await writtenBy(one)) + (await writtenBy(other)), patience).toBeGreaterThan(0);
  const { states, evaluatedToMs, settlementLagMs } = await lastTick(one);
  expect(states).toMatchObject([{ group: 'support', state: 'firing', severity: 'warning', value: 3 }]);
  expect(settlementLagMs).toBeGreaterThanOrEqual(0);

  const isFirst = (await writtenBy(one)) > 0;
  const [writer, standby] = isFirst ? [one, other] : [other, one];
  await writer.kill();
  await expect.poll(async () => (await lastTick(standby)).evaluatedToMs, patience).toBeGreaterThan(evaluatedToMs ?? 0);
  expect(await writtenBy(standby)).toBeGreaterThan(0);
  expect(await read(standby, '/metrics')).toMatch(/^sightglass_alert_evaluation_lag_seconds \d/m);
  const events = alertEventsReply.parse(JSON.parse(await read(standby, `/api/alerts/events?project=${project}`)));
  expect(events.events.map(({ group, to }) => [group, to])).toEqual([['support', 'firing']]);
});
