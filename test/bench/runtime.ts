// What do STREAMS (default 500) streaming turns at once cost the runtime, in CPU, memory and time to the first token, beside the same
// streams through the AI SDK behind a plain HTTP server? ROUNDS (default 3) of each, in turn, against one model server.
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChildServer } from '../support/child-server.ts';
import { readCpuSeconds, readMachineCpuSeconds, readMemoryMib, readPeakMemoryMib } from '../support/process-figures.ts';
import { startRuntime } from '../support/runtime.ts';
import { runStreams, type StreamTarget } from '../support/stream-load.ts';

const streams = Number(process.env['STREAMS'] ?? 500);
const rounds = Number(process.env['ROUNDS'] ?? 3);
const tokens = 200;
const firstTokenMs = 300;
const gapMs = 20;
/** A little shorter than a stream takes, so that all of them run at once for a moment. */
const rampMs = 4_000;
/** What is done behind a round, such as sending spans, belongs to it. */
const aftermathMs = 3_000;

interface Side {
  name: string;
  target: StreamTarget;
  /** Of the process that is measured. */
  pid: number | undefined;
  completed: number;
  firstTokenMs: number[];
  cpuSeconds: number;
  /** Of the model server and of this process. */
  benchSeconds: number;
  /** Of whatever else ran on the machine meanwhile: figures of a busy one say little about time. */
  otherSeconds: number;
  tookSeconds: number;
  failures: Set<string>;
}

const words = Array.from({ length: tokens }, (_, n) => (n === 0 ? 'first' : n === tokens - 1 ? 'last' : `word${n}`));
const wire = await startChildServer('test/support/wire/main.ts', [
  'openai',
  JSON.stringify({ text: words.join(' '), firstTokenMs, gapMs }),
]);
const sink = await startChildServer('test/bench/fakes/otlp-sink.ts');
const aiSdk = await startChildServer('test/bench/fakes/ai-sdk-server.ts', [wire.url]);
const model = { model: 'wire/fast', baseUrl: wire.url };
const runtime = await startRuntime({
  agents: { bench: { instructions: 'Answer.', model: [model] } },
  environment: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url },
});
try {
  const messages = (n: number) => [{ role: 'user', content: `Say something, for the ${n}th time.` }];
  const openAi = { firstMark: '"first', lastMark: 'last"', endMark: '[DONE]' };
  const body = (model: string) => (n: number) => ({ model, stream: true, messages: messages(n) });
  const sides = [
    sideOf('model server', { url: `${wire.url}/chat/completions`, body: body('fast'), ...openAi }),
    sideOf('runtime', { url: `${runtime.url}/v1/chat/completions`, body: body('agent/bench'), ...openAi }, runtime.pid),
    sideOf('AI SDK', { ...openAi, url: aiSdk.url, body: (n) => ({ messages: messages(n) }) }, aiSdk.pid),
  ];
  for (const { target } of sides) await runStreams(target, { count: Math.min(streams, 50), rampMs: 500 });
  const idle = sides.map(({ pid }) => (pid === undefined ? 0 : readMemoryMib(pid)));
  for (let round = 0; round < rounds; round += 1) for (const side of sides) await measure(side);
  report(sides, idle);
} finally {
  await Promise.all([runtime.remove(), aiSdk.stop(), sink.stop(), wire.stop()]);
}

function sideOf(name: string, target: StreamTarget, pid?: number): Side {
  return {
    name,
    target,
    pid,
    completed: 0,
    firstTokenMs: [],
    cpuSeconds: 0,
    benchSeconds: 0,
    otherSeconds: 0,
    tookSeconds: 0,
    failures: new Set(),
  };
}

async function measure(side: Side): Promise<void> {
  const before = readFigures(side);
  const figures = await runStreams(side.target, { count: streams, rampMs });
  await sleep(aftermathMs);
  const after = readFigures(side);
  const own = after.own - before.own;
  const bench = after.bench - before.bench;
  side.cpuSeconds += own;
  side.benchSeconds += bench;
  side.otherSeconds += after.machine - before.machine - own - bench;
  side.tookSeconds += after.seconds - before.seconds;
  side.completed += figures.completed;
  side.firstTokenMs.push(...figures.firstTokenMs);
  for (const [failure, count] of figures.failures) side.failures.add(`${count} × ${failure}`);
}

function readFigures({ pid }: Side) {
  return {
    own: pid === undefined ? 0 : readCpuSeconds(pid),
    bench: readCpuSeconds(wire.pid) + readCpuSeconds(process.pid) + readCpuSeconds(sink.pid),
    machine: readMachineCpuSeconds(),
    seconds: performance.now() / 1_000,
  };
}

function report(sides: readonly Side[], idleMib: readonly number[]): void {
  console.log(
    `${streams} streams at once × ${rounds} rounds; ${tokens} tokens each, the first after ${firstTokenMs} ms, then one every ${gapMs} ms`,
  );
  console.log(
    '               completed    first token ms    added ms          CPU s      peak memory  idle  other cores',
  );
  console.log('                            p50      p99      p50     p99       per round  MiB          MiB   cores');
  const [direct] = sides;
  for (const [place, side] of sides.entries()) {
    const added = (share: number) => at(side.firstTokenMs, share) - at(direct?.firstTokenMs ?? [], share);
    console.log(
      [
        side.name.padEnd(14),
        `${side.completed}/${streams * rounds}`.padEnd(12),
        at(side.firstTokenMs, 0.5).toFixed(0).padEnd(8),
        at(side.firstTokenMs, 0.99).toFixed(0).padEnd(8),
        ...(side === direct
          ? [' '.repeat(47)]
          : [
              added(0.5).toFixed(1).padEnd(7),
              added(0.99).toFixed(1).padEnd(9),
              (side.cpuSeconds / rounds).toFixed(2).padEnd(10),
              (side.pid === undefined ? 0 : readPeakMemoryMib(side.pid)).toFixed(0).padEnd(12),
              (idleMib[place] ?? 0).toFixed(0).padEnd(5),
            ]),
        `${(side.otherSeconds / side.tookSeconds).toFixed(1)} of ${availableParallelism()}`,
      ].join(' '),
    );
    for (const failure of side.failures) console.log(`  ${failure}`);
  }
  const [, own, other] = sides;
  if (own?.pid === undefined || other?.pid === undefined) return;
  console.log(
    `model server and load: ${sides.map(({ name, benchSeconds }) => `${(benchSeconds / rounds).toFixed(1)} CPU s (${name})`).join(', ')} per round`,
  );
  const ratio = (read: (side: Side, pid: number) => number) =>
    (read(own, own.pid ?? 0) / read(other, other.pid ?? 0)).toFixed(2);
  console.log(
    `runtime / AI SDK: CPU ${ratio(({ cpuSeconds }) => cpuSeconds)}, peak memory ${ratio((_, pid) => readPeakMemoryMib(pid))}, ` +
      `first token p99 ${ratio(({ firstTokenMs: all }) => at(all, 0.99))}`,
  );
}

function at(sorted: readonly number[], share: number): number {
  const all = sorted.toSorted((a, b) => a - b);
  return all[Math.min(all.length - 1, Math.floor(all.length * share))] ?? Number.NaN;
}
