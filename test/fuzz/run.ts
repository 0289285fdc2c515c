// Spoilt bodies through decoding and mapping: `node test/fuzz/run.ts --bodies 1000000 --seed 1 [--from 0]`.
// Prints each body that did what none may do, as SEED/INDEX; exits 1 if there was one.
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { emptyTally, type Failure, survive, type Tally } from './survive.ts';
import { createTakeBody } from './take-body.ts';

/** A body that takes more of the processor than this hangs, whatever else the machine does. */
const bodyCpuSeconds = 20;
/** Of the whole process, one body of 64 MiB aside. */
const memoryLimitMib = 1_536;
const failuresShown = 20;
const reportEveryMs = 30_000;

interface Plan {
  seed: number;
  from: number;
  bodies: number;
  /** Index of the body that is being taken. */
  progress: Int32Array;
}

if (isMainThread) await watch(readPlan());
else await takeAll(workerData as Plan);

function readPlan(): Plan {
  const options = { bodies: { type: 'string' }, seed: { type: 'string' }, from: { type: 'string' } } as const;
  const { values } = parseArgs({ options });
  const [bodies, seed, from] = [values.bodies ?? '10000', values.seed ?? '1', values.from ?? '0'].map(Number);
  if (bodies === undefined || seed === undefined || from === undefined || ![bodies, seed, from].every(isWhole)) {
    throw new Error('--bodies, --seed and --from are whole numbers');
  }
  return { bodies, seed, from, progress: new Int32Array(new SharedArrayBuffer(4)) };
}

function isWhole(value: number): boolean {
  return Number.isInteger(value) && value >= 0;
}

/** In the main thread, which a body that hangs does not hold up. */
async function watch(plan: Plan): Promise<void> {
  const { seed, from, bodies, progress } = plan;
  const startedMs = performance.now();
  console.log(`seed ${String(seed)}, ${String(bodies)} bodies from ${String(from)}`);
  const worker = new Worker(new URL(import.meta.url), { workerData: plan });
  const last = { index: -1, cpuSeconds: 0, reportMs: 0 };
  let peakMib = 0;
  const give = (reason: string) => {
    console.log(`${String(seed)}/${String(progress[0])} ${reason}`);
    process.exit(1);
  };
  const timer = setInterval(() => {
    const { user, system } = process.cpuUsage();
    const [index = 0, cpuSeconds, nowMs] = [progress[0], (user + system) / 1e6, performance.now()];
    peakMib = Math.max(peakMib, process.memoryUsage.rss() / 2 ** 20);
    if (index !== last.index) Object.assign(last, { index, cpuSeconds });
    else if (cpuSeconds - last.cpuSeconds > bodyCpuSeconds) give(`took more than ${String(bodyCpuSeconds)} s`);
    if (peakMib > memoryLimitMib) give(`or one before it took ${peakMib.toFixed(0)} MiB`);
    if (nowMs - last.reportMs < reportEveryMs) return;
    last.reportMs = nowMs;
    console.log(`${String(index - from)} bodies, ${cpuSeconds.toFixed(0)} s, ${peakMib.toFixed(0)} MiB at most`);
  }, 200);
  const { tally, failures } = await new Promise<Result>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  clearInterval(timer);
  for (const { name, reason } of failures.slice(0, failuresShown)) console.log(`${name} ${reason}`);
  console.log(JSON.stringify(tally));
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  console.log(`${String(failures.length)} failed, ${seconds} s, ${peakMib.toFixed(0)} MiB at most`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}

interface Result {
  tally: Tally;
  failures: Failure[];
}

async function takeAll({ seed, from, bodies, progress }: Plan): Promise<void> {
  const takeBody = createTakeBody();
  const result: Result = { tally: { ...emptyTally }, failures: [] };
  for (let index = from; index < from + bodies; index += 1) {
    Atomics.store(progress, 0, index);
    const failure = await survive(takeBody, { seed, index, tally: result.tally });
    if (failure !== undefined) result.failures.push(failure);
  }
  parentPort?.postMessage(result);
}
