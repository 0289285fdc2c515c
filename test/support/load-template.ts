import {
  pad,
  toolName,
  type LoadOptions,
  type PlannedAgent,
  type PlannedStep,
  type PlannedTrace,
  type StepKind,
} from './load-model.ts';
import type { Planner } from './load-plan.ts';
import { placeholder } from './load-random.ts';
import { ReverseWriter, type AttributeValue } from './reverse-writer.ts';

/** Sums of what a request carries, to be compared with what a store answers. */
export interface LoadTotals {
  spans: number;
  traces: number;
  errors: number;
  /** Chats and embeddings: what the ledger books as calls. */
  modelCalls: number;
  inputTokens: number;
  outputTokens: number;
  cachedTokens: number;
}

/** Byte offsets of one trace's ids, times and words, which every copy of the body fills anew. */
export interface TracePatches {
  lengthMs: number;
  traces: number[];
  /** [offset, number of the step whose id stands there] */
  ids: [number, number][];
  responses: [number, number][];
  /** [offset, nanoseconds since the trace's start] */
  times: [number, number][];
  users: number[];
  sessions: number[];
  refs: number[];
}

export interface LoadTemplate {
  body: Buffer;
  patches: TracePatches[];
  totals: LoadTotals;
}

const operations: Record<StepKind, string> = {
  agent: 'invoke_agent',
  chat: 'chat',
  tool: 'execute_tool',
  embeddings: 'embeddings',
  retrieval: 'retrieval',
  chain: 'chain',
};
const leanBytes = 1 << 19;
const textBytes = 1 << 22;

/** One ExportTraceServiceRequest of `batch` spans with holes where `TracePatches` points. */
export function buildTemplate(planner: Planner, options: LoadOptions, number: number): LoadTemplate {
  const groups = planGroups(planner, options, number);
  const writer = new ReverseWriter(options.profile === 'lean' ? leanBytes : textBytes);
  const patches: TracePatches[] = [];
  for (const { agent, traces } of groups.toReversed()) {
    writer.message(1, () => {
      writer.message(2, () => {
        for (const trace of traces.toReversed()) {
          patches.push(writeTrace({ writer, planner, agent, number }, trace));
        }
        writer.message(1, () => {
          writer.string(2, '0.9.0');
          writer.string(1, 'otlp-load');
        });
      });
      writer.message(1, () => writeResource(writer, agent, number));
    });
  }
  const body = writer.finish();
  return {
    body,
    patches: patches.reverse().map((places) => toOffsets(places, body.length)),
    totals: sumTotals(groups.flatMap(({ traces }) => traces)),
  };
}

interface Group {
  agent: PlannedAgent;
  traces: PlannedTrace[];
}

/** Four agents share a request; an agent run has one to itself. */
function planGroups(planner: Planner, options: LoadOptions, number: number): Group[] {
  const groups: Group[] = [];
  const perGroup = options.profile === 'agent' ? options.batch : Math.ceil(options.batch / 4);
  let left = options.batch;
  while (left > 0) {
    const agent = planner.agents[(number * 4 + groups.length) % planner.agents.length];
    if (agent === undefined) throw new Error('agents: at least 1');
    const traces: PlannedTrace[] = [];
    let quota = Math.min(left, perGroup);
    while (quota > 0) {
      const trace = planner.planTrace(agent, quota);
      traces.push(trace);
      quota -= trace.steps.length;
      left -= trace.steps.length;
    }
    groups.push({ agent, traces });
  }
  return groups;
}

function sumTotals(traces: PlannedTrace[]): LoadTotals {
  const steps = traces.flatMap((trace) => trace.steps);
  const sum = (value: (step: PlannedStep) => number) => steps.reduce((total, step) => total + value(step), 0);
  return {
    spans: steps.length,
    traces: traces.length,
    errors: sum((step) => (step.error ? 1 : 0)),
    modelCalls: sum((step) => (isModelCall(step) ? 1 : 0)),
    inputTokens: sum((step) => step.tokensIn),
    outputTokens: sum((step) => step.tokensOut),
    cachedTokens: sum((step) => step.cached),
  };
}

interface Writing {
  writer: ReverseWriter;
  planner: Planner;
  agent: PlannedAgent;
  number: number;
}

function writeTrace(writing: Writing, { steps }: PlannedTrace): TracePatches {
  const patches: TracePatches = {
    lengthMs: Math.ceil((steps[0]?.end ?? 0) / 1e6),
    traces: [],
    ids: [],
    responses: [],
    times: [],
    users: [],
    sessions: [],
    refs: [],
  };
  for (const step of steps.toReversed()) {
    writing.writer.message(2, () => writeSpan(writing, step, patches));
  }
  return patches;
}

/** Fields from the last to the first: status 15, events 11, attributes 9, times 8 and 7, kind 6, name 5, ids 4, 2, 1. */
function writeSpan(writing: Writing, step: PlannedStep, patches: TracePatches): void {
  const { writer } = writing;
  if (step.error) writeError(writer, step, patches);
  writeModelAttributes(writing, step, patches);
  writeCommonAttributes(writing, step, patches);
  patches.times.push([writer.fixed64(8), step.end]);
  patches.times.push([writer.fixed64(7), step.start]);
  writer.int(6, isModelCall(step) ? 3 : 1);
  writer.string(5, nameOf(writing, step));
  if (step.parent >= 0) patches.ids.push([writer.bytes(4, Buffer.alloc(8)), step.parent]);
  patches.ids.push([writer.bytes(2, Buffer.alloc(8)), step.i]);
  patches.traces.push(writer.bytes(1, Buffer.alloc(16)));
}

function writeError(writer: ReverseWriter, step: PlannedStep, patches: TracePatches): void {
  writer.message(15, () => {
    writer.int(3, 2);
    writer.string(2, 'upstream request failed: timeout after 30000 ms');
  });
  writer.message(11, () => {
    writer.attribute(3, 'exception.message', 'upstream request failed');
    writer.attribute(3, 'exception.type', 'TimeoutError');
    writer.string(2, 'exception');
    patches.times.push([writer.fixed64(1), step.end - 1000]);
  });
}

function writeModelAttributes(writing: Writing, step: PlannedStep, patches: TracePatches): void {
  const { writer, planner, number } = writing;
  const write = (key: string, value: AttributeValue) => writer.attribute(9, key, value);
  if (step.outputMessages !== undefined) write('gen_ai.output.messages', step.outputMessages);
  if (step.inputMessages !== undefined) {
    const place = write('gen_ai.input.messages', step.inputMessages);
    const word = Buffer.from(step.inputMessages).indexOf(placeholder);
    patches.refs.push(place - word - 'ref'.length);
  }
  if (step.kind === 'tool') {
    write('gen_ai.tool.call.id', `call_${pad(Math.floor(planner.random() * 1e9), 9)}`);
    write('gen_ai.tool.type', 'function');
    write('gen_ai.tool.name', toolName(step.i + number));
  }
  if (!isModelCall(step)) return;
  if (step.kind === 'chat') {
    write('gen_ai.response.finish_reasons', ['stop']);
    write('gen_ai.request.max_tokens', 4096);
    write('gen_ai.request.temperature', 0.7);
  }
  if (step.cached > 0) write('gen_ai.usage.cache_read.input_tokens', step.cached);
  if (step.kind === 'chat') write('gen_ai.usage.output_tokens', step.tokensOut);
  write('gen_ai.usage.input_tokens', step.tokensIn);
  const response = write('gen_ai.response.id', 'resp_0000000000000000');
  patches.responses.push([response - 'resp_'.length, step.i]);
  write('gen_ai.response.model', step.model.name);
  write('gen_ai.request.model', step.model.name);
  write('gen_ai.provider.name', step.model.provider);
}

function writeCommonAttributes(writing: Writing, step: PlannedStep, patches: TracePatches): void {
  const { writer, planner, agent, number } = writing;
  const write = (key: string, value: AttributeValue) => writer.attribute(9, key, value);
  const digits = () => pad(Math.floor(planner.random() * 1e9), 9);
  write('app.request.id', `req_${digits()}${digits()}`);
  write('app.release', `2026.11.${number % 28}`);
  write('app.tier', step.i % 3 ? 'standard' : 'premium');
  write('server.address', `gateway-${step.i % 5}.internal.example`);
  write('thread.id', step.i);
  if (step.kind === 'retrieval') {
    write('gen_ai.data_source.id', `kb-${step.i % 7}`);
    write('db.system.name', 'postgresql');
  }
  patches.users.push(write('user.id', 'user-000000') - 'user-'.length);
  patches.sessions.push(write('gen_ai.conversation.id', 'sess-0000000000') - 'sess-'.length);
  write('gen_ai.agent.name', agent.name);
  write('gen_ai.operation.name', operations[step.kind]);
}

function isModelCall({ kind }: PlannedStep): boolean {
  return kind === 'chat' || kind === 'embeddings';
}

function nameOf({ agent, number }: Writing, step: PlannedStep): string {
  if (step.kind === 'agent') return `invoke_agent ${agent.name}`;
  if (step.kind === 'tool') return `execute_tool ${toolName(step.i + number)}`;
  return step.kind === 'chat' ? `chat ${step.model.name}` : step.kind;
}

function writeResource(writer: ReverseWriter, agent: PlannedAgent, number: number): void {
  const environment = number % 5 === 0 ? 'staging' : 'production';
  writer.attribute(1, 'telemetry.sdk.language', 'nodejs');
  writer.attribute(1, 'host.name', `host-${pad(number % 30, 3)}`);
  writer.attribute(1, 'deployment.environment.name', environment);
  writer.attribute(1, 'service.version', agent.version);
  writer.attribute(1, 'service.namespace', `project-${agent.project}`);
  writer.attribute(1, 'service.name', agent.service);
}

/** Distances from the end become offsets from the start. */
function toOffsets(places: TracePatches, length: number): TracePatches {
  const at = (place: number) => length - place;
  const atFirst = ([place, value]: [number, number]): [number, number] => [at(place), value];
  return {
    lengthMs: places.lengthMs,
    traces: places.traces.map(at),
    ids: places.ids.map(atFirst),
    responses: places.responses.map(atFirst),
    times: places.times.map(atFirst),
    users: places.users.map(at),
    sessions: places.sessions.map(at),
    refs: places.refs.map(at),
  };
}
