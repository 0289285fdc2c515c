import { deploymentLimit } from './kept.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import type { Deployment, Revision, SessionStore } from './store.ts';

type RegistryMethods = Pick<
  SessionStore,
  'deploy' | 'moveAlias' | 'findDeployed' | 'findRevision' | 'listDeployed' | 'listRevisions' | 'listDeployments'
>;

const columns =
  'revisions.agent, revisions.revision, revisions.hash, revisions.definition, revisions.registered_ms AS registeredMs';
const deployedColumns = 'agent, revision, previous, deployed_ms AS deployedMs';
/** An agent's alias points to what was deployed last. */
const isAlias = 'deployments.key = (SELECT max(key) FROM deployments AS later WHERE later.agent = deployments.agent)';

/** Registered definitions, and which of them the aliases point to. */
export function sqliteRegistry(db: SqliteDatabase): RegistryMethods {
  return {
    deploy: ({ agent, revision, hash, definition, registeredMs }) =>
      db.write(() => {
        db.run(
          `INSERT OR IGNORE INTO revisions (agent, revision, hash, definition, registered_ms) VALUES (?, ?, ?, ?, ?)`,
          agent,
          revision,
          hash,
          JSON.stringify(definition),
          registeredMs,
        );
        return pointTo(db, agent, revision);
      }),
    moveAlias: (agent, revision) =>
      db.write(() => {
        const known = db.get('SELECT 1 FROM revisions WHERE agent = ? AND revision = ?', agent, revision);
        return known && pointTo(db, agent, revision);
      }),
    findDeployed: async (agent) => (await listAliases(db, agent))[0],
    findRevision: async (revision) =>
      (await db.read(() => db.all(`SELECT ${columns} FROM revisions WHERE revision = ?`, revision))).map(
        readRevision,
      )[0],
    listDeployed: () => listAliases(db),
    listRevisions: async (agent) => {
      const sql = `SELECT ${columns} FROM revisions WHERE agent = ? ORDER BY key DESC`;
      return (await db.read(() => db.all(sql, agent))).map(readRevision);
    },
    listDeployments: async (agent) => {
      const sql = `SELECT ${deployedColumns} FROM deployments WHERE agent = ? ORDER BY key DESC`;
      return (await db.read(() => db.all(sql, agent))).map((row) => ({ ...row }) as unknown as Deployment);
    },
  };
}

function pointTo(db: SqliteDatabase, agent: string, revision: string): Deployment {
  const last = db.get(`SELECT ${deployedColumns} FROM deployments WHERE agent = ? ORDER BY key DESC LIMIT 1`, agent) as
    Deployment | undefined;
  if (last?.revision === revision) return { ...last };
  const deployment = { agent, revision, previous: last?.revision ?? null, deployedMs: Date.now() };
  db.run(
    'INSERT INTO deployments (agent, revision, previous, deployed_ms) VALUES (?, ?, ?, ?)',
    agent,
    revision,
    deployment.previous,
    deployment.deployedMs,
  );
  db.run(
    `DELETE FROM deployments WHERE agent = ? AND key NOT IN (
       SELECT key FROM deployments WHERE agent = ? ORDER BY key DESC LIMIT ${deploymentLimit})`,
    agent,
    agent,
  );
  return deployment;
}

async function listAliases(db: SqliteDatabase, agent?: string): Promise<Revision[]> {
  const one = agent === undefined ? '' : 'AND deployments.agent = ?';
  const sql = `SELECT ${columns} FROM deployments JOIN revisions ON revisions.revision = deployments.revision
               WHERE ${isAlias} ${one} ORDER BY deployments.agent`;
  const rows = await db.read(() => (agent === undefined ? db.all(sql) : db.all(sql, agent)));
  return rows.map(readRevision);
}

function readRevision(row: Record<string, unknown>): Revision {
  return { ...(row as unknown as Revision), definition: JSON.parse(row['definition'] as string) };
}
