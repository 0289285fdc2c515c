import http from 'node:http';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { createLoadGenerator, type LoadGenerator } from './load-generator.ts';
import type { LoadOptions } from './load-model.ts';
import type { LoadTotals } from './load-template.ts';

export interface SendOptions {
  url: string;
  headers: Record<string, string>;
  gzip: boolean;
  concurrency: number;
  /** Spans a second; 0: as fast as possible. At a rate, latencies count from when a request was due, not from when it was sent. */
  rate: number;
  /** No request is begun after so long, however many spans are left; 0: all are sent. */
  seconds: number;
  /** Spans sent before measuring begins. */
  warmup: number;
  /** First body number. */
  skip: number;
  /** On 429, 503 and connection errors. */
  retries: number;
  timeout: number;
}

export const sendDefaults: SendOptions = {
  url: 'http://127.0.0.1:4318/v1/traces',
  headers: {},
  gzip: false,
  concurrency: 4,
  rate: 0,
  seconds: 0,
  warmup: 0,
  skip: 0,
  retries: 0,
  timeout: 60_000,
};

/** What was measured; `acknowledged` sums what got a 2xx, to be compared with the store. */
export interface LoadResult {
  profile: string;
  seed: number;
  batch: number;
  concurrency: number;
  seconds: number;
  spansPerSecond: number;
  megabytesPerSecond: number;
  bytesPerSpan: number;
  wireMegabytes: number;
  httpErrors: number;
  retried: number;
  statuses: Record<string, number>;
  errors: Record<string, number>;
  latencyMs: Record<'p50' | 'p90' | 'p95' | 'p99' | 'max', number | null>;
  generatorCpuSeconds: number;
  acknowledged: LoadTotals & { requests: number };
}

const maxBackoffMs = 2000;

/** Sends generated spans as OTLP/HTTP protobuf and measures the answers. */
export async function sendLoad(given: Partial<LoadOptions & SendOptions> = {}): Promise<LoadResult> {
  const options = { ...sendDefaults, ...given };
  const generator = createLoadGenerator(given);
  const poster = createPoster(options);
  const warmBatches = Math.ceil(options.warmup / generator.options.batch);
  const measureFrom = options.skip + warmBatches;
  await sendRange({ generator, poster, options, from: options.skip, to: measureFrom });
  const cpu = process.cpuUsage();
  const began = performance.now();
  const to = measureFrom + generator.batches;
  const tally = await sendRange({ generator, poster, options, from: measureFrom, to });
  const seconds = (performance.now() - began) / 1000;
  poster.close();
  return summarise(tally, { generator, options, seconds, cpu: process.cpuUsage(cpu) });
}

interface Reply {
  status: number;
  retryAfterMs: number;
  error?: string;
}
interface Poster {
  post(body: Buffer): Promise<Reply>;
  close(): void;
}

function createPoster({ url, headers, gzip, concurrency, timeout }: SendOptions): Poster {
  const target = new URL(url);
  const { Agent, request } = target.protocol === 'https:' ? https : http;
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const fixed = {
    'content-type': 'application/x-protobuf',
    ...(gzip ? { 'content-encoding': 'gzip' } : {}),
    ...headers,
  };
  const post = (body: Buffer) =>
    new Promise<Reply>((resolve) => {
      const fail = (error: NodeJS.ErrnoException) =>
        resolve({ status: 0, retryAfterMs: 0, error: error.code ?? error.message });
      const sent = request(
        target,
        { method: 'POST', agent, headers: { ...fixed, 'content-length': body.length }, timeout },
        (response) => {
          response.on('error', fail);
          response.resume();
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              retryAfterMs: (Number(response.headers['retry-after']) || 0) * 1000,
            }),
          );
        },
      );
      sent.on('timeout', () => sent.destroy(new Error('timeout')));
      sent.on('error', fail);
      sent.end(body);
    });
  return { post, close: () => agent.destroy() };
}

interface Tally {
  latenciesMs: number[];
  bytes: number;
  wireBytes: number;
  statuses: Record<string, number>;
  errors: Record<string, number>;
  httpErrors: number;
  retried: number;
  acknowledged: LoadResult['acknowledged'];
}

interface Range {
  generator: LoadGenerator;
  poster: Poster;
  options: SendOptions;
  from: number;
  to: number;
}

async function sendRange(range: Range): Promise<Tally> {
  const { generator, options, from, to } = range;
  const tally = emptyTally();
  const began = performance.now();
  let next = from;
  const until = options.seconds > 0 ? began + options.seconds * 1000 : Number.POSITIVE_INFINITY;
  const runner = async () => {
    while (next < to && performance.now() < until) {
      const n = next;
      next += 1;
      const due = options.rate > 0 ? began + (((n - from) * generator.options.batch) / options.rate) * 1000 : undefined;
      if (due !== undefined && due > performance.now()) await sleep(due - performance.now());
      await sendOne(range, { n, due }, tally);
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, runner));
  return tally;
}

async function sendOne(
  { generator, poster, options }: Range,
  { n, due }: { n: number; due: number | undefined },
  tally: Tally,
) {
  const { body, totals } = generator.make(n);
  const sent = options.gzip ? gzipSync(body, { level: 1 }) : body;
  const began = due ?? performance.now();
  let reply = await poster.post(sent);
  for (let attempt = 0; attempt < options.retries && isRetryable(reply); attempt += 1) {
    tally.retried += 1;
    await sleep(reply.retryAfterMs || Math.min(maxBackoffMs, 100 * 2 ** attempt));
    reply = await poster.post(sent);
  }
  tally.latenciesMs.push(performance.now() - began);
  tally.statuses[reply.status] = (tally.statuses[reply.status] ?? 0) + 1;
  if (reply.status < 200 || reply.status >= 300) {
    tally.httpErrors += 1;
    if (reply.error) tally.errors[reply.error] = (tally.errors[reply.error] ?? 0) + 1;
    return;
  }
  tally.bytes += body.length;
  tally.wireBytes += sent.length;
  tally.acknowledged.requests += 1;
  for (const key of Object.keys(totals) as (keyof LoadTotals)[]) {
    tally.acknowledged[key] += totals[key];
  }
}

function isRetryable({ status }: Reply): boolean {
  return status === 0 || status === 429 || status === 503;
}

function emptyTally(): Tally {
  return {
    ...{ latenciesMs: [], bytes: 0, wireBytes: 0, statuses: {}, errors: {} },
    ...{ httpErrors: 0, retried: 0 },
    acknowledged: {
      ...{ requests: 0, spans: 0, traces: 0, errors: 0, modelCalls: 0 },
      ...{ inputTokens: 0, outputTokens: 0, cachedTokens: 0 },
    },
  };
}

function summarise(
  tally: Tally,
  run: {
    generator: LoadGenerator;
    options: SendOptions;
    seconds: number;
    cpu: NodeJS.CpuUsage;
  },
): LoadResult {
  const { seconds, generator, options, cpu } = run;
  const sorted = tally.latenciesMs.toSorted((a, b) => a - b);
  const quantile = (p: number) => {
    const latency = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))];
    return latency === undefined ? null : round(latency, 2);
  };
  const { spans } = tally.acknowledged;
  return {
    profile: generator.options.profile,
    seed: generator.options.seed,
    batch: generator.options.batch,
    concurrency: options.concurrency,
    seconds: round(seconds, 3),
    spansPerSecond: Math.round(spans / seconds),
    megabytesPerSecond: round(tally.bytes / seconds / 1e6, 2),
    bytesPerSpan: round(tally.bytes / Math.max(1, spans), 1),
    wireMegabytes: round(tally.wireBytes / 1e6, 2),
    httpErrors: tally.httpErrors,
    retried: tally.retried,
    statuses: tally.statuses,
    errors: tally.errors,
    latencyMs: {
      p50: quantile(0.5),
      p90: quantile(0.9),
      p95: quantile(0.95),
      p99: quantile(0.99),
      max: quantile(1),
    },
    generatorCpuSeconds: round((cpu.user + cpu.system) / 1e6, 2),
    acknowledged: tally.acknowledged,
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
