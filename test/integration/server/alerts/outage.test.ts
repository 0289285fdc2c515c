import { afterEach, beforeEach, expect, it } from 'vitest';
import { Deliverer } from '../../../../server/alerts/deliver/deliverer.ts';
import { repetitionNote } from '../../../../server/domain/alerts/message-slack.ts';
import { connectDb, type Db } from '../../../../server/queries/db.ts';
import { listDeliveries } from '../../../../server/queries/deliveries.ts';
import { ruleEvent } from '../../../support/alert-events.ts';
import { type AlertOutbox, alertOutbox } from '../../../support/alert-outbox.ts';
import { newProjectId } from '../../../support/database.ts';
import { type MessageReceiver, startSlackReceiver } from '../../../support/message-receiver.ts';
import { type Program, startProgram } from '../../../support/program.ts';
import { type FragileDatabase, startFragileDatabase } from '../../collector/fragile-database.ts';

let database: FragileDatabase;
let db: Db;
let project: string;
let outbox: AlertOutbox;
let slack: MessageReceiver;

beforeEach(async () => {
  database = await startFragileDatabase();
  db = connectDb(database);
  project = newProjectId();
  outbox = alertOutbox(database, project);
  slack = await startSlackReceiver();
  await outbox.writeChannel('slack', { type: 'slack', url: `${slack.url}/slack` });
});
afterEach(async () => {
  await Promise.all([slack.close(), outbox.close(), db.close()]);
  await database.remove();
});

it('sends a message once when ClickHouse is killed before it has the outcome', async () => {
  const deliverer = new Deliverer({
    ...{ connection: database, publicUrl: () => 'https://sightglass.example', pollMs: 50 },
    log: { warn: () => undefined, error: () => undefined },
    poster: { allowsPrivate: true },
  });
  let restarted: Promise<void> | undefined;
  slack.onRequest(() => {
    restarted = database.kill().then(() => database.restart());
  });
  await outbox.writeEvents([ruleEvent({ channelIds: ['slack'] })]);
  deliverer.start();
  await expect.poll(() => restarted !== undefined, { timeout: 60_000 }).toBe(true);
  await restarted;
  await expect.poll(() => stateOf(), { timeout: 60_000 }).toBe('delivered');
  await deliverer.close();
  expect(slack.messages).toHaveLength(1);
});

it('does not send what another server has sent while it was stopped', async () => {
  const servers: Program[] = [await startServer()];
  let stopped: Program | undefined;
  slack.onConnect(() => {
    if (stopped !== undefined) return;
    stopped = servers[0];
    process.kill(stopped?.pid ?? 0, 'SIGSTOP');
  });
  await outbox.writeEvents([ruleEvent({ channelIds: ['slack'] })]);
  await expect.poll(() => stopped, { timeout: 60_000 }).toBeDefined();
  servers.push(await startServer());
  await expect.poll(() => stateOf(), { timeout: 60_000 }).toBe('delivered');
  process.kill(stopped?.pid ?? 0, 'SIGCONT');
  for (const server of servers) expect(await server.stop()).toBe(0);
  // Stopped a moment later than it connected, it may have sent one; then the other one's says that it is a repetition.
  expect(slack.messages.filter(({ text }) => !text.includes(repetitionNote))).toHaveLength(1);
});

async function startServer(): Promise<Program> {
  return startProgram('test/support/deliverer-process.ts', {
    ...{ CLICKHOUSE_URL: database.url, SIGHTGLASS_CLICKHOUSE_SECRET: database.secret, CLAIM_MS: '1500' },
  });
}

async function stateOf(): Promise<string | undefined> {
  const { deliveries } = await listDeliveries(db, {
    ...{ projectId: project, channelId: undefined, eventId: undefined, state: undefined, limit: 1, cursor: undefined },
  }).catch(() => ({ deliveries: [] }));
  return deliveries[0]?.state;
}
