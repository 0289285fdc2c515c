import { setTimeout as sleep } from 'node:timers/promises';
import type { TestDatabase } from './database.ts';
import { findFreePort } from './free-port.ts';
import { environmentOf } from './pipeline.ts';
import { type Program, startProgram } from './program.ts';

/** A server that is killed and comes back at the same address, which others know before it first runs. */
export interface MortalServer {
  url: string;
  start(): Promise<void>;
  /** Without any warning: it does nothing more once this was called. */
  kill(): Promise<void>;
  /** Sooner or later, by chance. */
  killAndStart(): Promise<void>;
}

const lifeMaxMs = 12_000;

export async function mortalServer(options: {
  database: TestDatabase;
  /** Asked at each start. */
  environment: () => Record<string, string>;
  onKill: () => void;
}): Promise<MortalServer> {
  const { database, environment, onKill } = options;
  const port = await findFreePort();
  let program: Program | undefined;
  const kill = async () => {
    const victim = program;
    program = undefined;
    if (victim !== undefined) onKill();
    await victim?.kill();
  };
  const start = async () => {
    const more = { ...environment(), SIGHTGLASS_PORT: String(port) };
    program ??= await startProgram('server/main.ts', { ...environmentOf(database), ...more });
  };
  return {
    url: `http://127.0.0.1:${port}`,
    start,
    kill,
    killAndStart: async () => {
      await sleep(lifeMaxMs * Math.random());
      await kill();
      await start();
    },
  };
}
