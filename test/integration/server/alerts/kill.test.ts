import { randomInt } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { repetitionNote } from '../../../../server/domain/alerts/message-slack.ts';
import { connectDb, type Db } from '../../../../server/queries/db.ts';
import { listDeliveries, type ListedDelivery } from '../../../../server/queries/deliveries.ts';
import { ruleEvent } from '../../../support/alert-events.ts';
import { type AlertOutbox, alertOutbox, webhookSecret } from '../../../support/alert-outbox.ts';
import { newProjectId, useDatabase } from '../../../support/database.ts';
import { type MessageReceiver, startSlackReceiver, startWebhookReceiver } from '../../../support/message-receiver.ts';
import { makeOwnTables } from '../../../support/own-tables.ts';
import { type Program, startProgram } from '../../../support/program.ts';

const project = newProjectId();
const eventCount = 24;
const killsMax = 10;
/** Short, so that what a killed server held is taken over soon. */
const claimMs = 1_500;
const events = Array.from({ length: eventCount }, (_, i) =>
  ruleEvent({ eventId: `event-${i}`, ruleId: `rule-${i}`, channelIds: ['slack', 'webhook'] }),
);

let database: Awaited<ReturnType<typeof makeOwnTables>>;
let db: Db;
let outbox: AlertOutbox;
let slack: MessageReceiver;
let webhook: MessageReceiver;

beforeAll(async () => {
  database = await makeOwnTables(useDatabase());
  db = connectDb(database);
  outbox = alertOutbox(database, project);
  slack = await startSlackReceiver();
  webhook = await startWebhookReceiver(({ text, headers }) => {
    new Webhook(webhookSecret).verify(text, headers as Record<string, string>);
  });
  await outbox.writeChannel('slack', { type: 'slack', url: `${slack.url}/slack` });
  await outbox.writeChannel('webhook', { type: 'webhook', url: `${webhook.url}/webhook` });
});

afterAll(async () => {
  await Promise.all([slack.close(), webhook.close(), outbox.close(), db.close()]);
  await database.remove();
});

it('loses no message to kills of two servers, repeats none without saying so, and ends with all delivered', async () => {
  const servers: Program[] = [await startServer(), await startServer()];
  const kills: Promise<void>[] = [];
  /** Kills the server that is at it, sometimes at once and sometimes a moment later: before, while and after it is answered. */
  const strike = () => {
    if (kills.length >= killsMax || randomInt(4) > 0) return;
    const victim = servers.splice(randomInt(servers.length), 1)[0];
    if (victim === undefined) return;
    kills.push(
      new Promise<void>((resolve) => setTimeout(resolve, randomInt(30)))
        .then(() => victim.kill())
        .then(startServer)
        .then((next) => void servers.push(next)),
    );
  };
  slack.onRequest(strike);
  webhook.onRequest(strike);
  for (const event of events) await outbox.writeEvents([event]);

  await expect.poll(() => countDelivered(), { timeout: 90_000, interval: 200 }).toBe(2 * eventCount);
  await Promise.all(kills);
  await Promise.all(servers.map((server) => server.stop()));
  expect(kills.length).toBeGreaterThan(0);

  const ids = events.map(({ eventId }) => eventId);
  const ofSlack = Map.groupBy(slack.messages, ({ text }) => /event `(event-\d+)`/.exec(text)?.[1]);
  expect([...ofSlack.keys()].toSorted()).toEqual(ids.toSorted());
  for (const messages of ofSlack.values()) {
    // Only a message that may have been sent before is a repetition, and it says so.
    const unmarked = messages.filter(({ text }) => !text.includes(repetitionNote));
    expect(unmarked.length).toBeLessThanOrEqual(1);
  }
  const ofWebhook = Map.groupBy(webhook.messages, ({ headers }) => headers['webhook-id']);
  expect(ofWebhook.size).toBe(eventCount);
  for (const messages of ofWebhook.values()) expect(new Set(messages.map(({ text }) => text)).size).toBe(1);
});

async function startServer(): Promise<Program> {
  return startProgram('test/support/deliverer-process.ts', {
    CLICKHOUSE_URL: database.url,
    SIGHTGLASS_CLICKHOUSE_SECRET: database.secret,
    CLAIM_MS: String(claimMs),
  });
}

async function countDelivered(): Promise<number> {
  const found: ListedDelivery[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await listDeliveries(db, {
      ...{ projectId: project, channelId: undefined, eventId: undefined, state: undefined, limit: 25, cursor },
    });
    found.push(...page.deliveries);
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  expect(new Set(found.map(({ deliveryId }) => deliveryId)).size).toBe(found.length);
  return found.filter(({ state }) => state === 'delivered').length;
}
