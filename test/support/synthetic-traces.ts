import { createRandom } from './load-random.ts';
import { attributesOf, type WireSpan, type WireTraces } from './otlp-encode.ts';
import { type Call, emitters, models, type Written } from './synthetic-emitters.ts';

/** What a session spent on a model. */
export interface Spent {
  calls: number;
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
  /** 10^-12 dollars. */
  picoUsd: bigint;
}

export interface SyntheticTraces {
  /** What arrives at first, and what arrives late: roots, copies, spans sent twice. */
  early: WireTraces[];
  late: WireTraces[];
  spanCount: number;
  /** By `session user model`. */
  truth: Map<string, Spent>;
}

const requestSpans = 2_000;
const traceEveryMs = 400;

interface PlacedSpan {
  scope: string;
  span: WireSpan;
}

/**
 * Traces as mixed frameworks send them, and what they cost, known from how they were made: by each shape below in turn, with
 * random conventions. `startMs`: when the first of them began.
 */
export function makeSyntheticTraces(
  count: number,
  { seed, startMs }: { seed: number; startMs: number },
): SyntheticTraces {
  const random = createRandom(seed);
  const early: PlacedSpan[] = [];
  const late: PlacedSpan[] = [];
  const truth = new Map<string, Spent>();
  for (let index = 0; index < count; index += 1) {
    const trace = new TraceMaker({ index, random, startMs: startMs + index * traceEveryMs, truth });
    shapes[index % shapes.length]?.(trace);
    early.push(...trace.early);
    late.push(...trace.late);
  }
  const spanCount = early.length + late.length;
  // One in twenty arrives twice.
  late.push(...early.filter(() => random() < 0.05));
  return { early: toRequests(shuffled(early, random)), late: toRequests(shuffled(late, random)), spanCount, truth };
}

type Emitter = (typeof emitters)[number];

class TraceMaker {
  readonly early: PlacedSpan[] = [];
  readonly late: PlacedSpan[] = [];
  readonly random: () => number;
  readonly #index: number;
  readonly #startMs: number;
  readonly #truth: Map<string, Spent>;
  readonly session: string;
  readonly user: string;
  #spans = 0;
  #calls = 0;

  constructor(options: { index: number; random: () => number; startMs: number; truth: Map<string, Spent> }) {
    this.#index = options.index;
    this.random = options.random;
    this.#startMs = options.startMs;
    this.#truth = options.truth;
    this.session = `session-${options.index % 997}`;
    this.user = `user-${options.index % 89}`;
  }

  /** A call of its own numbers: no two near each other have equal totals. */
  newCall(): Call {
    this.#calls += 1;
    const number = this.#index * 8 + this.#calls;
    const model = models[number % models.length];
    if (model === undefined) throw new Error('there are models');
    const input = 1_000 + (number % 6_007);
    return {
      model,
      responseId: `resp_${number}`,
      input,
      output: 10 + (number % 1_009),
      cacheRead: number % 3 === 0 ? Math.floor(input / 3) : 0,
      cacheWrite: number % 4 === 0 && model.cacheWritePico !== undefined ? Math.floor(input / 5) : 0,
    };
  }

  emitter(isFit: (emitter: Emitter) => boolean = () => true): Emitter {
    const fit = emitters.filter(isFit);
    const chosen = fit[Math.floor(this.random() * fit.length)];
    if (chosen === undefined) throw new Error('no emitter fits');
    return chosen;
  }

  /** The agent that everything is below: only it knows the session and the user. */
  root(options: { isLate?: boolean; usage?: readonly Call[] } = {}): string {
    const sum = (read: (call: Call) => number) => options.usage?.reduce((total, call) => total + read(call), 0);
    return this.place(
      {
        scope: 'app',
        name: 'invoke_agent support',
        attributes: {
          'gen_ai.operation.name': 'invoke_agent',
          'gen_ai.agent.name': 'support',
          'session.id': this.session,
          'user.id': this.user,
          'gen_ai.usage.input_tokens': sum(({ input }) => input),
          'gen_ai.usage.output_tokens': sum(({ output }) => output),
        },
      },
      { parent: '', at: [0, 100_000], isLate: options.isLate },
    );
  }

  /** Writes a span; `at` in milliseconds since the trace began. */
  place(
    written: Written,
    options: {
      parent: string;
      at: readonly [from: number, to: number];
      isLate?: boolean | undefined;
      trace?: string;
      failed?: boolean;
    },
  ): string {
    this.#spans += 1;
    const spanId = (this.#index * 64 + this.#spans).toString(16).padStart(16, '0');
    const [from, to] = options.at.map((ms) => String(BigInt(this.#startMs + ms) * 1_000_000n));
    const present = Object.entries(written.attributes).filter(([, value]) => value !== undefined);
    const span: WireSpan = {
      traceId: options.trace ?? this.traceId(0),
      spanId,
      ...(options.parent === '' ? {} : { parentSpanId: options.parent }),
      name: written.name,
      kind: 1,
      startTimeUnixNano: from ?? '',
      endTimeUnixNano: to ?? '',
      attributes: attributesOf(Object.fromEntries(present)),
      ...(options.failed === true ? { status: { code: 2 } } : {}),
    };
    (options.isLate === true ? this.late : this.early).push({ scope: written.scope, span });
    return spanId;
  }

  /** A tool execution. */
  tool(parent: string, at: readonly [number, number]): string {
    const attributes = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'search' };
    return this.place({ scope: 'app', name: 'execute_tool search', attributes }, { parent, at });
  }

  /** Trace 0 is the trace; copies may lie in others. */
  traceId(number: number): string {
    return `${(this.#index + 1).toString(16).padStart(24, '0')}${number.toString(16).padStart(8, '0')}`;
  }

  /** What counts, once. `calls`: 0 for usage that is no call. */
  counts(call: Call, calls = 1): void {
    const { model, input, output, cacheRead, cacheWrite } = call;
    const key = `${this.session} ${this.user} ${model.name}`;
    const spent = this.#truth.get(key) ?? { calls: 0, input: 0, output: 0, cacheRead: 0, cacheWrite: 0, picoUsd: 0n };
    this.#truth.set(key, spent);
    spent.calls += calls;
    spent.input += input;
    spent.output += output;
    spent.cacheRead += cacheRead;
    spent.cacheWrite += cacheWrite;
    spent.picoUsd +=
      BigInt(input - cacheRead - cacheWrite) * model.inputPico +
      BigInt(cacheRead) * model.cacheReadPico +
      BigInt(cacheWrite) * (model.cacheWritePico ?? 0n) +
      BigInt(output) * model.outputPico;
  }
}

/** A call without tokens: the request failed. */
function failed(call: Call): Call {
  return { ...call, responseId: '', input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
}

const shapes: readonly ((trace: TraceMaker) => void)[] = [
  function callsAndTools(trace) {
    const root = trace.root({ isLate: trace.random() < 0.5 });
    for (let step = 0; step < 3; step += 1) {
      const call = trace.newCall();
      trace.place(trace.emitter().write(call), { parent: root, at: [step * 20_000, step * 20_000 + 9_000] });
      trace.tool(root, [step * 20_000 + 10_000, step * 20_000 + 12_000]);
      trace.counts(call);
    }
  },
  function rootThatRepeatsTheSum(trace) {
    const calls = [trace.newCall(), trace.newCall()];
    const root = trace.root({ usage: calls });
    calls.forEach((call, step) => {
      trace.place(trace.emitter().write(call), { parent: root, at: [step * 20_000, step * 20_000 + 9_000] });
      trace.counts(call);
    });
  },
  function wrapperWithTheSameResponse(trace) {
    const call = trace.newCall();
    const root = trace.root();
    const outer = trace.emitter(({ hasResponseId }) => hasResponseId);
    const inner = trace.emitter((one) => one.hasResponseId && one.name !== outer.name);
    const wrapper = trace.place(outer.write(call), { parent: root, at: [0, 9_000] });
    trace.place(inner.write(call), { parent: wrapper, at: [10, 8_990] });
    trace.counts(call);
  },
  function wrapperWithTheSameTotals(trace) {
    const call = trace.newCall();
    const root = trace.root();
    const outer = trace.emitter(({ hasResponseId }) => !hasResponseId);
    const wrapper = trace.place(outer.write(call), { parent: root, at: [0, 9_000], isLate: trace.random() < 0.3 });
    trace.place(trace.emitter((one) => one.name !== outer.name).write(call), { parent: wrapper, at: [10, 8_990] });
    trace.counts(call);
  },
  function wrapperWithoutUsage(trace) {
    const call = trace.newCall();
    const root = trace.root();
    const attributes = { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': call.model.name };
    const wrapper = trace.place({ scope: 'gateway', name: 'chat', attributes }, { parent: root, at: [0, 9_000] });
    trace.place(trace.emitter().write(call), { parent: wrapper, at: [10, 8_990] });
    trace.counts(call);
  },
  function retries(trace) {
    const call = trace.newCall();
    const root = trace.root({ isLate: true });
    const emitter = trace.emitter();
    for (let attempt = 0; attempt < 2; attempt += 1) {
      trace.place(emitter.write(failed(call)), {
        parent: root,
        at: [attempt * 2_000, attempt * 2_000 + 1_000],
        failed: true,
      });
      trace.counts(failed(call));
    }
    trace.place(emitter.write(call), { parent: root, at: [5_000, 9_000] });
    trace.counts(call);
  },
  function subAgentInATool(trace) {
    const [outer, inner] = [trace.newCall(), trace.newCall()];
    const root = trace.root();
    const above = trace.place(trace.emitter().write(outer), { parent: root, at: [0, 60_000] });
    const tool = trace.tool(above, [10_000, 50_000]);
    const attributes = { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'helper' };
    const agent = trace.place(
      { scope: 'app', name: 'invoke_agent helper', attributes },
      { parent: tool, at: [11_000, 49_000] },
    );
    trace.place(trace.emitter().write(inner), { parent: agent, at: [12_000, 40_000] });
    trace.counts(outer);
    trace.counts(inner);
  },
  function moderationBelowAChat(trace) {
    const [chat, moderation] = [trace.newCall(), trace.newCall()];
    const root = trace.root();
    const above = trace.place(trace.emitter().write(chat), { parent: root, at: [0, 9_000] });
    trace.place(trace.emitter().write(moderation), { parent: above, at: [100, 700] });
    trace.counts(chat);
    trace.counts(moderation);
  },
  function copyInAnotherTraceByItsResponse(trace) {
    const call = trace.newCall();
    const root = trace.root();
    const first = trace.emitter(({ hasResponseId }) => hasResponseId);
    const second = trace.emitter((one) => one.hasResponseId && one.name !== first.name);
    trace.place(first.write(call), { parent: root, at: [0, 9_000] });
    const isLate = trace.random() < 0.5;
    trace.place(second.write(call), { parent: '', at: [5, 9_005], trace: trace.traceId(1), isLate });
    trace.counts(call);
  },
  function copyInAnotherTraceByItsTotals(trace) {
    const call = trace.newCall();
    const root = trace.root();
    const first = trace.emitter(({ hasResponseId }) => !hasResponseId);
    const second = trace.emitter((one) => one.name !== first.name);
    trace.place(first.write(call), { parent: root, at: [0, 9_000] });
    const isLate = trace.random() < 0.5;
    trace.place(second.write(call), { parent: '', at: [5, 8_995], trace: trace.traceId(1), isLate });
    trace.counts(call);
  },
  function onlyTheSumArrived(trace) {
    const call = { ...trace.newCall(), cacheRead: 0, cacheWrite: 0 };
    const attributes = {
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.name': 'support',
      'gen_ai.provider.name': call.model.provider,
      'gen_ai.response.model': call.model.name,
      'gen_ai.usage.input_tokens': call.input,
      'gen_ai.usage.output_tokens': call.output,
      'session.id': trace.session,
      'user.id': trace.user,
    };
    trace.place({ scope: 'app', name: 'invoke_agent', attributes }, { parent: '', at: [0, 9_000] });
    trace.counts(call, 0);
  },
];

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    const [a, b] = [shuffled[last], shuffled[other]];
    if (a === undefined || b === undefined) continue;
    shuffled[last] = b;
    shuffled[other] = a;
  }
  return shuffled;
}

function toRequests(spans: readonly PlacedSpan[]): WireTraces[] {
  const requests: WireTraces[] = [];
  const resource = { attributes: attributesOf({ 'service.name': 'shop' }) };
  for (let from = 0; from < spans.length; from += requestSpans) {
    const byScope = Map.groupBy(spans.slice(from, from + requestSpans), ({ scope }) => scope);
    const scopeSpans = [...byScope].map(([scope, ofScope]) => ({
      scope: { name: scope },
      spans: ofScope.map(({ span }) => span),
    }));
    requests.push({ resourceSpans: [{ resource, scopeSpans }] });
  }
  return requests;
}
