import { z } from 'zod';
import {
  describeChoice,
  dollars,
  duration,
  flag,
  got,
  list,
  named,
  number,
  oneOf,
  pattern,
  rate,
  strict,
  text,
  whole,
} from './fields.ts';
import { simulate } from './simulate-schema.ts';
import { objectSchema, tool } from './tool-schema.ts';

export const definitionLimits = {
  instructionsLength: 200_000,
  models: 10,
  tools: 100,
  variables: 100,
  labels: 16,
  budgets: 20,
  channels: 20,
  evals: 100,
};

/** Speak a protocol of their own; every other provider is OpenAI-compatible and needs a `baseUrl`. */
export const nativeProviders = ['openai', 'anthropic', 'gemini', 'simulated'] as const;

/** Why a model is given up for the next one; a request that is wrong in itself (400) never is. */
const fallbackReasons = ['rate_limited', 'quota', 'unavailable', 'timeout', 'auth', 'context_too_long'] as const;

const plainName = (max: number) =>
  pattern(
    new RegExp(`^[a-z](?:[a-z0-9_-]{0,${max - 2}}[a-z0-9])?$`),
    `small letters, digits, - and _, beginning with a letter, ${max} at most`,
  );

const scalar = z.union([z.string(), z.number(), z.boolean()], {
  error: ({ input }) => `must be text, a number, true or false${got(input)}`,
});

const variable = strict({
  type: oneOf(['string', 'number', 'boolean']).default('string'),
  description: text(500).optional(),
  required: flag().default(false).describe('A turn without it is refused. Not together with a default.'),
  default: scalar.describe('Left out: nothing stands in its place.').optional(),
}).superRefine((one, context) => {
  if (one.default === undefined) return;
  if (one.required) context.addIssue({ code: 'custom', path: ['default'], message: 'goes with required: false only' });
  if (typeof one.default !== one.type) {
    const message = `is wrong${got(one.default)}, allowed: a ${one.type}, as its type says`;
    context.addIssue({ code: 'custom', path: ['default'], message });
  }
});

const modelId = pattern(
  /^[a-z][a-z0-9_-]{0,31}\/\S{1,200}$/,
  'PROVIDER/MODEL, such as openai/gpt-5-mini, anthropic/claude-sonnet-5, simulated/quick',
).describe('PROVIDER/MODEL.');

/** A value that is not repeated when it is wrong: it may be a secret. */
function secretPattern(expression: RegExp, allowed: string) {
  const error = `is wrong, allowed: ${allowed}`;
  return z.string({ error }).regex(expression, { error });
}

const price = strict({
  input: rate(),
  output: rate().describe('Reasoning included.'),
  cacheRead: rate().describe('Left out: as input.').optional(),
  cacheWrite: rate().describe('Left out: as input.').optional(),
  request: rate().describe('US dollars of each request, beside its tokens.').optional(),
});

const modelWithSettings = strict({
  model: modelId,
  temperature: number(0, 2).optional(),
  topP: number(0, 1).optional(),
  maxOutputTokens: whole(1, 1_000_000).optional(),
  reasoningEffort: oneOf(['minimal', 'low', 'medium', 'high']).optional(),
  stop: list(text(100), 4, 'texts').optional(),
  seed: whole(0, 2_147_483_647).optional(),
  timeout: duration({ min: '1s', max: '30m' }).prefault('2m').describe('One call, retries not included.'),
  retries: whole(0, 10).default(2).describe('How often a failed call is repeated before the next model takes over.'),
  baseUrl: secretPattern(/^(https?:\/\/\S+|\$\{env:\S+)$/, 'an http or https address, or ${env:NAME}')
    .describe('Of an OpenAI-compatible server. Needed for every provider but openai, anthropic, gemini, simulated.')
    .optional(),
  apiKey: secretPattern(/^\$\{env:[A-Za-z_][A-Za-z0-9_]*\}$/, 'a reference ${env:NAME}, never the key itself')
    .describe('A reference ${env:NAME}. Left out: OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY.')
    .optional(),
  fallbackOn: list(oneOf(fallbackReasons), fallbackReasons.length, 'reasons')
    .describe('The next model takes over for these reasons only. Left out: for all of them.')
    .optional(),
  price: price
    .describe(
      'US dollars per million tokens, for a model that the price table does not know: budgets that stop need a price.',
    )
    .optional(),
  simulate: simulate.describe('How a model of the provider simulated behaves.').optional(),
}).superRefine(({ model, simulate, price }, context) => {
  if (model.startsWith('simulated/')) {
    if (price === undefined) return;
    const message = `does not go with models of the provider simulated (this is ${model}): simulate.usdPerMillionInput`;
    context.addIssue({ code: 'custom', path: ['price'], message });
  } else if (simulate !== undefined) {
    const message = `goes with models of the provider simulated only (this is ${model})`;
    context.addIssue({ code: 'custom', path: ['simulate'], message });
  }
});

export const model = z
  .union([modelId, modelWithSettings], { error: `must be PROVIDER/MODEL or an object with model and settings` })
  .transform((one) => (typeof one === 'string' ? modelWithSettings.parse({ model: one }) : one));

const instructions = z.union(
  [
    text(definitionLimits.instructionsLength),
    strict({
      file: text(500).describe('Beside this file or in a folder below it.'),
    }),
  ],
  {
    error: ({ input }) =>
      input === undefined ? 'is missing: text, or file: PATH' : `must be text or file: PATH${got(input)}`,
  },
);

const history = strict({
  maxTurns: whole(1, 10_000).describe('Older turns are left out, never a tool call without its result.').optional(),
  maxTokens: whole(100, 10_000_000).describe('By estimate.').optional(),
  compact: oneOf(['drop', 'summarize']).default('drop').describe('What becomes of older turns.'),
  keepTurns: whole(1, 1_000).default(4).describe('The latest turns, which stay as they are.'),
}).prefault({});

const session = strict({
  ttl: duration({ min: '1m', max: '400d' }).prefault('30d').describe('Kept this long after the last turn.'),
  onBusy: oneOf(['queue', 'reject', 'interrupt'])
    .default('queue')
    .describe('A message that comes while a turn runs: waits, is refused (409), or ends that turn.'),
  queueLimit: whole(1, 100).default(10).describe('As many messages wait; the next is refused.'),
  history,
}).prefault({});

const limits = strict({
  maxSteps: whole(1, 1_000).default(20).describe('Model calls of a turn.'),
  maxToolCalls: whole(0, 10_000).default(50).describe('Tool calls of a turn.'),
  maxParallelToolCalls: whole(1, 100).default(8),
  turnTimeout: duration({ min: '1s', max: '24h' }).prefault('10m'),
  firstTokenTimeout: duration({ min: '100ms', max: '10m' })
    .prefault('60s')
    .describe('Of one model call; then the next model takes over.'),
  maxCostPerTurn: dollars().describe('US dollars.').optional(),
  maxCostPerSession: dollars().describe('US dollars.').optional(),
  concurrency: whole(1, 100_000).describe('Turns at a time, over all sessions and replicas.').optional(),
  requestsPerMinute: whole(1, 1_000_000)
    .describe(
      'Model calls in any 60 seconds, retries included, over all sessions and replicas. One above it waits up to 10 s, then its turn ends (429).',
    )
    .optional(),
  tokensPerMinute: whole(1, 1_000_000_000)
    .describe('The same of tokens, input and output: by estimate before a call, as they were once it has ended.')
    .optional(),
}).prefault({});

const budget = strict({
  scope: pattern(/^(agent|user|session|label:[\w.-]{1,64})$/, 'agent, user, session, label:KEY').describe(
    'Who has one of this size: the agent, each of its users, each session, each value of a label.',
  ),
  usd: dollars().describe('US dollars per period.'),
  period: oneOf(['hour', 'day', 'week', 'month', 'total']),
  timezone: z
    .string()
    .refine(isTimezone, { error: ({ input }) => `is wrong${got(input)}, allowed: an IANA name such as Europe/Berlin` })
    .default('UTC')
    .describe('Where days, weeks and months begin.'),
  notifyAt: list(number(1, 1_000), 10, 'percentages')
    .default([80, 100])
    .describe('Per cent of the amount at which somebody is told.'),
  notify: list(text(100), definitionLimits.channels, 'channels')
    .default([])
    .describe('Channels of the project by their names. Left out: nobody is told, the page Alerts shows it.'),
  action: oneOf(['warn', 'downgrade', 'pause', 'block'])
    .default('block')
    .describe('At 100 %: only tell, use the last model of the chain, end the turn until it is raised, refuse.'),
});

const evalNeeds = {
  contains: 'value',
  not_contains: 'value',
  regex: 'value',
  tool_called: 'tool',
  tool_not_called: 'tool',
  no_tool_errors: undefined,
  matches_output: undefined,
  max_cost: 'value',
  max_latency: 'value',
  rubric: 'value',
} as const;
const evalTypes = Object.keys(evalNeeds) as [keyof typeof evalNeeds, ...(keyof typeof evalNeeds)[]];

const evaluation = strict({
  id: plainName(64),
  type: oneOf(evalTypes).describe(
    'contains, not_contains, regex, rubric: of the answer; tool_called, tool_not_called, no_tool_errors: of the turn; matches_output: the output schema; max_cost in US dollars, max_latency in seconds.',
  ),
  value: scalar.describe('What to look for, the bound, or the rubric for the judge.').optional(),
  tool: text(120).describe('Of tool_called and tool_not_called; SERVER__TOOL for one of an MCP server.').optional(),
  model: modelId.describe('The judge of a rubric. Left out: the agent’s first model.').optional(),
  on: oneOf(['turn', 'session']).default('turn').describe('When it is asked: after each turn, or of a whole session.'),
  sampleRate: number(0, 1).default(1).describe('The share of live turns that are scored; tests score all.'),
  threshold: number(0, 1).describe('Scores below it fail.').optional(),
}).superRefine((one, context) => {
  const needed = evalNeeds[one.type];
  for (const key of ['value', 'tool'] as const) {
    if (key === needed && one[key] === undefined) {
      context.addIssue({ code: 'custom', path: [key], message: `is missing: ${one.type} needs it` });
    } else if (key !== needed && one[key] !== undefined) {
      context.addIssue({ code: 'custom', path: [key], message: `does not go with ${one.type}` });
    }
  }
});

const output = strict({
  schema: objectSchema('JSON Schema of the answer.'),
  repairs: whole(0, 5).default(1).describe('How often the model is told what was wrong with its answer.'),
});

/** One agent, as its file declares it. Durations are read as milliseconds. */
export const agentSchema = strict({
  apiVersion: oneOf(['sightglass/v1']).default('sightglass/v1').describe('The version of this format.'),
  name: plainName(64).describe('Unique among all files; clients call it agent/NAME.'),
  description: text(1_000).describe('What it is for, for people.').optional(),
  labels: named(
    pattern(/^[A-Za-z][\w.-]{0,63}$/, 'names of letters, digits, . _ -'),
    pattern(/^.{1,200}$/, 'text of 1 to 200 characters'),
    { max: definitionLimits.labels, noun: 'labels' },
  )
    .default({})
    .describe('On every span, to search and to group costs by.'),
  instructions: instructions.describe(
    'The system prompt: text, or file: PATH. {{variable}} is filled in; there is no logic.',
  ),
  variables: named(pattern(/^[A-Za-z]\w{0,63}$/, 'names of letters, digits and _'), variable, {
    max: definitionLimits.variables,
    noun: 'variables',
  })
    .default({})
    .describe('What the caller gives and the instructions use.'),
  model: list(model, definitionLimits.models, 'models')
    .min(1, { error: 'must name at least one model' })
    .describe('In order: the first one answers, the next takes over where it fails before its first word.'),
  tools: list(tool, definitionLimits.tools, 'tools').default([]).describe('What the model may call.'),
  session: session.describe('How a conversation is kept, and what a second message does while a turn runs.'),
  limits: limits.describe('What ends a turn; each with a reason that the user and the trace show.'),
  budgets: list(budget, definitionLimits.budgets, 'budgets')
    .default([])
    .describe('What may be spent, by whom, in what time.'),
  evals: list(evaluation, definitionLimits.evals, 'evals')
    .default([])
    .describe('Checks of its answers, the same in tests and live.'),
  output: output.describe('Answers are JSON of this form. Left out: free text.').optional(),
  capture: z
    .enum(['none', 'redacted', 'full'], { error: ({ input }) => describeChoice(input, ['none', 'redacted', 'full']) })
    .default('full')
    .describe('What of prompts, answers and tool payloads goes into spans.'),
});

export type AgentDefinition = z.infer<typeof agentSchema>;
export type Model = z.infer<typeof model>;

/** For editors: `# yaml-language-server: $schema=agent.schema.json`. */
export function agentJsonSchema(): object {
  return { title: 'Sightglass agent', ...z.toJSONSchema(agentSchema, { io: 'input' }) };
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
