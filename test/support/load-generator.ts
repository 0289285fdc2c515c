import { loadDefaults, type LoadOptions } from './load-model.ts';
import { createPlanner } from './load-plan.ts';
import { mix } from './load-random.ts';
import { buildTemplate, type LoadTotals, type TracePatches } from './load-template.ts';

export interface LoadGenerator {
  options: LoadOptions;
  /** How many bodies make up `options.spans`. */
  batches: number;
  /** Body number n, from 0: an ExportTraceServiceRequest in protobuf. Every span of a run is unique. */
  make(n: number): { body: Buffer; totals: LoadTotals };
}

const dayMs = 86_400_000;
/** Room for the traces of one body in the numbers that ids are made of. */
const tracesPerBody = 1024;

/**
 * Template bodies are built once; a request is a copy with ids, times, session, user and search words
 * written over it, so making one costs little more than copying it.
 */
export function createLoadGenerator(given: Partial<LoadOptions> = {}): LoadGenerator {
  const options = { ...loadDefaults, ...given };
  if (options.profile === 'agent') options.batch = 1 + 2 * options.steps;
  const planner = createPlanner(options);
  const templates = Array.from({ length: options.templates }, (_, number) => buildTemplate(planner, options, number));
  const batches = Math.ceil(options.spans / options.batch);
  return {
    options,
    batches,
    make: (n) => {
      const template = templates[n % templates.length];
      if (template === undefined) throw new Error('templates: at least 1');
      const body = Buffer.from(template.body);
      const run = { options, batches, seed: planner.seed, n };
      template.patches.forEach((patches, k) => patchTrace(body, patches, run, k));
      return { body, totals: template.totals };
    },
  };
}

interface Run {
  options: LoadOptions;
  batches: number;
  seed: number;
  n: number;
}

function patchTrace(body: Buffer, patches: TracePatches, run: Run, k: number): void {
  const { options, seed, n } = run;
  const id = n * tracesPerBody + k;
  const hash = mix(id, seed);
  const hash2 = mix(id ^ 0x55555555, seed + 7);
  for (const at of patches.traces) {
    body.writeUInt32LE(hash, at);
    body.writeUInt32LE(hash2, at + 4);
    body.writeUInt32LE(id >>> 0, at + 8);
    body.writeUInt32LE(seed, at + 12);
  }
  for (const [at, i] of patches.ids) {
    body.writeUInt32LE(mix(id ^ seed, i + 0x1000), at);
    body.writeUInt32LE(((id << 7) | i) >>> 0, at + 4);
  }
  for (const [at, i] of patches.responses) {
    writeHex(body, { at, value: ((id << 7) | i) >>> 0, digits: 8 });
    writeHex(body, { at: at + 8, value: mix(id ^ seed, i + 0x3000), digits: 8 });
  }
  const start = BigInt(Math.floor(startMs(run, hash) - patches.lengthMs)) * 1_000_000n;
  const low = Number(start & 0xffffffffn);
  const high = Number(start >> 32n);
  for (const [at, ns] of patches.times) {
    const sum = low + (ns % 4294967296);
    body.writeUInt32LE(sum >>> 0, at);
    body.writeUInt32LE((high + Math.floor(ns / 4294967296) + (sum > 4294967295 ? 1 : 0)) >>> 0, at + 4);
  }
  // Sessions live for about 1 % of the run and hold several traces; a few users are much busier than the rest.
  const progress = n / Math.max(1, run.batches);
  const session =
    (Math.floor(progress * options.sessions) + (hash % Math.ceil(options.sessions / 100))) % options.sessions;
  const user = Math.floor(Math.pow(mix(session, seed + 3) / 4294967296, 2) * options.users);
  for (const at of patches.sessions) writeDecimal(body, { at, value: session, digits: 10 });
  for (const at of patches.users) writeDecimal(body, { at, value: user, digits: 6 });
  for (const at of patches.refs) {
    writeHex(body, { at, value: hash2, digits: 8 });
    writeHex(body, { at: at + 8, value: hash & 255, digits: 2 });
  }
}

/** With `days`, bodies move from the oldest to the newest, and their traces are spread around that time. */
function startMs({ options, batches, n }: Run, hash: number): number {
  const newest = options.start || Date.now();
  if (options.days === 0) return newest;
  const window = options.days * dayMs;
  const oneBody = window / Math.max(1, batches);
  return newest - window * (1 - n / Math.max(1, batches)) - ((hash % 1000) / 1000) * oneBody;
}

interface Digits {
  at: number;
  value: number;
  digits: number;
}

const hexDigits = Buffer.from('0123456789abcdef');
const zero = 48;

function writeHex(body: Buffer, { at, value, digits }: Digits): void {
  let rest = value;
  for (let i = digits - 1; i >= 0; i -= 1) {
    body[at + i] = hexDigits[rest & 15] ?? zero;
    rest >>>= 4;
  }
}

function writeDecimal(body: Buffer, { at, value, digits }: Digits): void {
  let rest = value;
  for (let i = digits - 1; i >= 0; i -= 1) {
    body[at + i] = zero + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}
