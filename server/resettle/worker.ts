import { parentPort, workerData } from 'node:worker_threads';
import type { DbConnection } from '../queries/db.ts';
import { type ResettlementJob, runResettlement } from './job.ts';

/** What the server gives the thread of one re-settlement. */
export interface ResettlementWork {
  connection: DbConnection;
  job: Omit<ResettlementJob, 'onProgress' | 'isStopped'>;
}

const { connection, job } = workerData as ResettlementWork;
let isStopped = false;
parentPort?.on('message', () => {
  isStopped = true;
});
try {
  const onProgress: ResettlementJob['onProgress'] = (progress) => parentPort?.postMessage({ progress });
  const result = await runResettlement(connection, { ...job, onProgress, isStopped: () => isStopped });
  parentPort?.postMessage({ result });
} catch (error) {
  parentPort?.postMessage({ error: error instanceof Error ? error.message : String(error) });
}
parentPort?.close();
