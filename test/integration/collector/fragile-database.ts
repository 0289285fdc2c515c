import { migrate } from '../../../migrations/migrate.ts';
import { type EmbeddedClickHouse, startClickHouse } from '../../../server/standalone/clickhouse.ts';
import { keepForeverDays, type TestDatabase } from '../../support/database.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

/** A database of one's own that may be killed: it comes back on the same port with the same data. */
export interface FragileDatabase extends TestDatabase {
  kill(): Promise<void>;
  /** Stops it where it stands; connections stay open. */
  freeze(): void;
  thaw(): void;
  restart(): Promise<void>;
  remove(): Promise<void>;
}

export async function startFragileDatabase(): Promise<FragileDatabase> {
  const dir = makeTempDir('fragile');
  const start = (again?: EmbeddedClickHouse) =>
    startClickHouse({
      dataDir: dir.path,
      log: () => undefined,
      ...(again === undefined ? {} : { port: again.port, secret: again.secret, password: again.password }),
    });
  let server = await start();
  const { url, secret } = server;
  await migrate({ url, secret }, { retentionDays: keepForeverDays, contentDays: keepForeverDays });
  return {
    url,
    secret,
    kill: async () => {
      server.kill();
      await server.exited;
    },
    freeze: () => process.kill(server.pid, 'SIGSTOP'),
    thaw: () => process.kill(server.pid, 'SIGCONT'),
    restart: async () => {
      server = await start(server);
    },
    remove: async () => {
      server.kill();
      await server.exited;
      dir.remove();
    },
  };
}
