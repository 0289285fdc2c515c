import { join } from 'node:path';
import { Batcher, type BatchLimits, type Receipt } from './batcher.ts';
import { Circuit } from './circuit.ts';
import type { Inserter } from './clickhouse.ts';
import { DeadLetters } from './dead-letters.ts';
import type { NewContent } from './received-content.ts';
import { Replayer, type ReplayerDeps } from './replayer.ts';
import type { FolderLimits } from './segment-folder.ts';
import { type BodyCodec, Spool } from './spool.ts';
import type { OnWriteEvent, WriteStatus } from './write-stats.ts';

export interface WriterOptions<Body, Told> {
  inserter: Inserter;
  newContent: NewContent<Body, Told>;
  codec: BodyCodec<Body>;
  /** The spool and the dead letters have folders in it. */
  dataDir: string;
  limits?: Partial<BatchLimits> | undefined;
  spoolLimits?: Partial<FolderLimits> | undefined;
  replayLimits?: ReplayerDeps<Body, Told>['limits'];
  nowMs?: (() => number) | undefined;
  onEvent?: OnWriteEvent | undefined;
  warn?: ((message: string, fields: Record<string, unknown>) => void) | undefined;
}

/** Everything behind the intake. */
export interface Writer<Body, Told> {
  submit: (body: Body, bytes: number) => Promise<Receipt<Told>>;
  status: () => WriteStatus;
  /** True when a body would be taken: ClickHouse takes it, or the spool does. */
  isReady: () => Promise<boolean>;
  /** Everything that was taken is durable, in ClickHouse or in the spool, and answered. The replay ends. */
  drain: () => Promise<void>;
  close: () => Promise<void>;
}

/**
 * Takes hold of the spool and begins to replay what is in it.
 * @throws SpoolError when another collector has it, or it cannot be used
 */
export async function openWriter<Body, Told>(options: WriterOptions<Body, Told>): Promise<Writer<Body, Told>> {
  const { inserter, newContent, codec, dataDir, onEvent, warn } = options;
  const shared = { codec, onEvent, warn };
  const spool = await Spool.open({ ...shared, path: join(dataDir, 'spool'), limits: options.spoolLimits });
  const deadLetters = await DeadLetters.open({ ...shared, path: join(dataDir, 'dead-letters') });
  const circuit = new Circuit((state) => onEvent?.({ type: 'circuit', state }));
  const onFailure = (message: string) => (error: Error) => warn?.(message, { err: error });
  const refuge = { spool, deadLetters, circuit };
  const batcher = new Batcher({
    ...{ inserter, newContent, refuge, onEvent, limits: options.limits, nowMs: options.nowMs },
    onFailure: onFailure('batch not stored'),
  });
  const replayer = new Replayer({
    ...{ ...refuge, inserter, newContent, onEvent, limits: options.replayLimits },
    isBusy: () => batcher.isBusy,
    onFailure: onFailure('spool not replayed'),
  });
  replayer.start();
  return {
    submit: (body, bytes) => batcher.submit(body, bytes),
    status: () => ({ circuit: circuit.state, ...batcher.status, ...spool.status, ...deadLetters.status }),
    isReady: async () => (await spool.hasRoom()) || (circuit.state === 'closed' && (await inserter.ping())),
    drain: async () => {
      await replayer.stop();
      await batcher.drain();
    },
    close: async () => {
      await spool.close();
      await deadLetters.close();
    },
  };
}
