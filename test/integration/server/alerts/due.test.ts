import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeliverySteps } from '../../../../server/alerts/deliver/steps.ts';
import { newDelivery } from '../../../../server/domain/alerts/delivery.ts';
import { connectDb, type Db } from '../../../../server/queries/db.ts';
import { listDue } from '../../../../server/queries/deliveries.ts';
import { DeliveryWriter } from '../../../../server/queries/delivery-writer.ts';
import { ruleEvent } from '../../../support/alert-events.ts';
import { newProjectId, useDatabase } from '../../../support/database.ts';
import { makeOwnTables } from '../../../support/own-tables.ts';

describe('deliveries that are due', () => {
  let database: Awaited<ReturnType<typeof makeOwnTables>>;
  let db: Db;
  let writer: DeliveryWriter;
  beforeAll(async () => {
    database = await makeOwnTables(useDatabase());
    db = connectDb(database);
    writer = new DeliveryWriter(database);
  });
  afterAll(async () => {
    await Promise.all([db.close(), writer.close()]);
    await database.remove();
  });

  it.each([
    ['taken', { state: 'sending', nextAtMs: Date.now() + 60_000 }],
    ['ended', { state: 'delivered' }],
  ] as const)('are not those that another server has %s while this one looks', async (_, change) => {
    const event = ruleEvent({ eventId: randomUUID(), ruleId: randomUUID(), projectId: newProjectId() });
    const delivery = newDelivery(event, 'channel');
    await writer.writeFirst([delivery]);
    const idsOf = (due: Awaited<ReturnType<typeof listDue>>) => due.map(({ deliveryId }) => deliveryId);
    expect(idsOf(await listDue(db, { limit: 10 }))).toEqual([delivery.deliveryId]);
    const steps = new DeliverySteps({ db, writer, owner: 'other', monotonicMs: () => performance.now() });
    expect(
      idsOf(
        await listDue(
          afterRead(db, () => steps.take(delivery, change)),
          { limit: 10 },
        ),
      ),
    ).toEqual([]);
  });
});

/** The same database, on which something happens after the first read. */
function afterRead(db: Db, happen: () => Promise<unknown>): Db {
  let hasHappened = false;
  return new Proxy(db, {
    get(target, name) {
      if (name !== 'rows') return Reflect.get(target, name) as unknown;
      return async (...request: Parameters<Db['rows']>) => {
        const rows = await target.rows(...request);
        if (!hasHappened) await happen();
        hasHappened = true;
        return rows;
      };
    },
  });
}
