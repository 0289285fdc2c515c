import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AlertTicker } from '../../server/alerts/ticker.ts';
import { Budgets } from '../../server/budgets/budgets.ts';
import { AlertWriter } from '../../server/queries/alert-writer.ts';
import { ConfigurationWriter } from '../../server/queries/configuration-writer.ts';
import { connectDb } from '../../server/queries/db.ts';
import { RuntimeClient } from '../../server/runtime-client.ts';

/** Looks at alert rules in a process of its own, to be killed or stopped by a test, in a time that runs faster. */
const environment = process.env;
const connection = {
  url: environment['CLICKHOUSE_URL'] ?? '',
  secret: environment['SIGHTGLASS_CLICKHOUSE_SECRET'] ?? '',
};
const begunMs = Number(environment['BEGUN_MS']);
const fromMs = Number(environment['FROM_MS']);
const speed = Number(environment['SPEED']);
const now = () => fromMs + (Date.now() - begunMs) * speed;

const ticker = new AlertTicker({
  db: connectDb({ ...connection, queryTimeoutMs: 20_000 }),
  writer: new AlertWriter(connection),
  budgets: new Budgets({
    configuration: new ConfigurationWriter(connection),
    runtime: new RuntimeClient(undefined, undefined),
  }),
  log: { info: console.log, warn: console.log, error: console.log },
  owner: randomUUID(),
  now,
  monotonicMs: () => performance.now(),
  readVerifiedTo: () => Promise.resolve(now()),
});
process.on('disconnect', () => process.exit(0));
process.send?.({ type: 'ready', url: 'none' });
for (;;) {
  await ticker.tick().catch((error: unknown) => {
    console.log(String(error));
  });
  await sleep(20 * Math.random());
}
