import { afterAll, describe, expect, it } from 'vitest';
import { listAudit } from '../../../server/queries/audit.ts';
import { findObject, listObjects } from '../../../server/queries/configuration.ts';
import { connectDb } from '../../../server/queries/db.ts';
import { configurationOn } from '../../support/configuration.ts';
import { newProjectId, useDatabase } from '../../support/database.ts';

const database = useDatabase();
const db = connectDb(database);
const [writer, rival] = [configurationOn(database), configurationOn(database)];
afterAll(() => Promise.all([writer.close(), rival.close(), db.close()]));

function keyIn(projectId: string) {
  return { objectType: 'budget', projectId, objectId: 'one', author: 'tester' } as const;
}

describe('configured objects', () => {
  it('have the body that was written last, and a version for each', async () => {
    const key = keyIn(newProjectId());
    expect(await findObject(db, key)).toBeUndefined();
    const first = await writer.write({ ...key, body: { usd: '1', name: "it's \\ ü" } });
    expect(first).toMatchObject({ version: 1, body: { usd: '1', name: "it's \\ ü" }, author: 'tester' });
    const second = await writer.write({ ...key, author: 'other', body: { usd: '2' }, expectedVersion: 1 });
    expect(second).toMatchObject({ version: 2, author: 'other' });
    expect(await listObjects(db, key)).toEqual([second]);
    expect(await listObjects(db, { objectType: 'rule', projectId: key.projectId })).toEqual([]);
    expect(await listObjects(db, { objectType: 'budget' })).toContainEqual(second);
  });

  it('are not overwritten by who has seen an older version', async () => {
    const key = keyIn(newProjectId());
    await writer.write({ ...key, body: {}, expectedVersion: 0 });
    const stale = {
      code: 'changed_meanwhile',
      message: 'budget one was changed meanwhile; read it again and repeat the change',
    };
    await expect(writer.write({ ...key, body: { late: true }, expectedVersion: 0 })).rejects.toMatchObject(stale);
    await expect(writer.write({ ...key, body: { late: true }, expectedVersion: 2 })).rejects.toMatchObject(stale);
    await expect(writer.remove({ ...key, expectedVersion: 7 })).rejects.toMatchObject(stale);
    expect((await findObject(db, key))?.body).toEqual({});
  });

  it('let one of many rivals win each version', async () => {
    const key = keyIn(newProjectId());
    const attempts = Array.from({ length: 8 }, (_, i) =>
      (i % 2 === 0 ? writer : rival).write({ ...key, body: { i }, expectedVersion: 0 }),
    );
    const outcomes = await Promise.allSettled(attempts);
    const won = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(won).toHaveLength(1);
    expect(await findObject(db, key)).toEqual(won[0]);
    const lost = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    expect(lost).toHaveLength(7);
    for (const reason of lost) expect(reason).toMatchObject({ code: 'changed_meanwhile' });
  });

  it('are gone when they are removed, and go on counting when they come back', async () => {
    const key = keyIn(newProjectId());
    expect(await writer.remove(key)).toBe(false);
    await writer.write({ ...key, body: { usd: '1' } });
    expect(await writer.remove({ ...key, expectedVersion: 1 })).toBe(true);
    expect(await findObject(db, key)).toBeUndefined();
    expect(await listObjects(db, key)).toEqual([]);
    expect(await writer.write({ ...key, body: { usd: '3' }, expectedVersion: 0 })).toMatchObject({ version: 3 });
  });

  it('leave what was done in the audit, without their body', async () => {
    const key = keyIn(newProjectId());
    await writer.write({ ...key, body: { secret: 'hidden' }, details: { usd: '1' } });
    await writer.write({ ...key, body: { secret: 'hidden too' } });
    await writer.remove(key);
    const audit = await listAudit(db, { projectId: key.projectId, targetType: 'budget', targetId: 'one', limit: 10 });
    expect(audit.map(({ action }) => action).toSorted()).toEqual([
      ...['budget.changed', 'budget.created', 'budget.removed'],
    ]);
    expect(audit.find(({ action }) => action === 'budget.created')).toMatchObject({
      ...{ actor: 'tester', details: { version: 1, usd: '1' } },
    });
    expect(JSON.stringify(audit)).not.toContain('hidden');
  });
});
