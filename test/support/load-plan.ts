import { planRun } from './load-agent-run.ts';
import {
  message,
  pad,
  type LoadOptions,
  type LoadProfile,
  type Make,
  type PlannedAgent,
  type PlannedStep,
  type PlannedTrace,
  type StepKind,
} from './load-model.ts';
import { createRandom, createTextSource, mix, placeholder } from './load-random.ts';

export interface Planner {
  random: () => number;
  /** What makes the ids of this run differ from those of other seeds and profiles. */
  seed: number;
  agents: PlannedAgent[];
  /** The next trace of an agent, at most `budget` spans long. */
  planTrace(agent: PlannedAgent, budget: number): PlannedTrace;
}

const providers = ['openai', 'anthropic', 'aws.bedrock', 'gcp.vertex_ai', 'mistral_ai'];
const stepCycle: StepKind[] = ['chat', 'tool', 'chat', 'tool', 'embeddings', 'chat', 'retrieval', 'chain'];
const ms = 1e6;

/** Makes traces out of seeded randomness; the order of calls is part of the result. */
export function createPlanner(options: LoadOptions): Planner {
  const letters = Buffer.from(options.profile).reduce((hash, byte) => hash * 31 + byte, 7);
  const seed = mix(options.seed, letters);
  const random = createRandom(seed);
  const text = createTextSource(random, seed ^ 0x5bd1e995);
  const agents = Array.from({ length: options.agents }, (_, i) => ({
    name: `agent-${pad(i, 2)}`,
    project: i % options.projects,
    service: `svc-${pad(i % 8, 2)}`,
    version: `1.${i % 5}.0`,
    system: text(500),
  }));
  const models = Array.from({ length: options.models }, (_, i) => ({
    name: `model-${String.fromCharCode(97 + (i % 26))}-${1 + (i % 4)}`,
    provider: providers[i % providers.length] ?? '',
  }));
  const make = { options, random, text, pickModel: () => pick(models, random) };
  return {
    random,
    seed,
    agents,
    planTrace: (agent, budget) =>
      options.profile === 'agent' ? planRun(make, agent) : planMixedTrace(make, agent, budget),
  };
}

function pick<T>(list: T[], random: () => number): T {
  const item = list[Math.trunc(random() * list.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

/** About ten spans: a root agent span and its steps. */
function planMixedTrace(make: Make, agent: PlannedAgent, budget: number): PlannedTrace {
  const { options, random } = make;
  const steps: PlannedStep[] = [];
  const size = Math.min(budget, 6 + Math.floor(random() * 9));
  let clock = 0;
  for (let i = 0; i < size; i += 1) {
    const kind = kindOfStep(options.profile, i);
    const model = make.pickModel();
    const gap = ms * (1 + random() * 20);
    const took = ms * (kind === 'chat' ? 300 + random() * random() * 9000 : 5 + random() * 400);
    const parent = i === 0 ? -1 : pickParent(make, steps);
    clock += gap;
    const start = Math.floor(clock);
    const error = random() < options.errorRate;
    clock += took;
    const end = Math.floor(clock);
    const step: PlannedStep = {
      ...{ i, kind, model, parent, start, end, error },
      ...planTokens(kind, random),
    };
    const chars = charsOfStep(make, kind);
    if (chars > 0) Object.assign(step, planMessages(make, chars, chars > 1500 ? agent.system : ''));
    steps.push(step);
  }
  const [root] = steps;
  if (root !== undefined) root.end = Math.floor(clock + 5 * ms);
  return { steps };
}

function kindOfStep(profile: LoadProfile, i: number): StepKind {
  if (i === 0) return 'agent';
  return profile === 'chat' ? 'chat' : (stepCycle[(i - 1) % stepCycle.length] ?? 'chain');
}

/** The root, or now and then an earlier tool or chain; never a model call, which would read as a wrapper of its child. */
function pickParent({ random }: Make, steps: PlannedStep[]): number {
  const nests = steps.filter(({ i, kind }) => i > 0 && (kind === 'tool' || kind === 'chain'));
  return nests.length > 0 && random() < 0.25 ? pick(nests, random).i : 0;
}

function planTokens(kind: StepKind, random: () => number) {
  if (kind !== 'chat' && kind !== 'embeddings') return { tokensIn: 0, tokensOut: 0, cached: 0 };
  const tokensIn = 50 + Math.floor(random() * random() * 8000);
  const tokensOut = kind === 'chat' ? 5 + Math.floor(random() * random() * 1500) : 0;
  return { tokensIn, tokensOut, cached: random() < 0.4 ? Math.floor(tokensIn * 0.6) : 0 };
}

function charsOfStep({ options, random }: Make, kind: StepKind): number {
  if (options.profile === 'chat') {
    if (kind === 'chat') return 3600 + Math.floor(random() * 800);
    return kind === 'agent' ? 3600 : 0;
  }
  return options.profile === 'mixed' && kind === 'chat' ? 1000 + Math.floor(random() * 3000) : 0;
}

function planMessages({ text }: Make, chars: number, system: string) {
  const outputChars = Math.round(chars * 0.25);
  const inputChars = Math.max(40, chars - outputChars - (system ? 500 : 0));
  const body = text(inputChars - placeholder.length - 1);
  const half = Math.floor(body.length / 2);
  const prompt = `${body.slice(0, half)} ${placeholder} ${body.slice(half)}`;
  return {
    inputMessages: JSON.stringify([...(system ? [message('system', system)] : []), message('user', prompt)]),
    outputMessages: JSON.stringify([{ ...message('assistant', text(outputChars)), finish_reason: 'stop' }]),
  };
}
