import { z } from '@hono/zod-openapi';
import { limit, project, queryOf, text, time } from './requests.ts';
import { unixNano } from './values.ts';

/** Bytes of one request to an agent. */
export const chatBodyBytesMax = 1024 * 1024;
const idLength = 512;

const rfc3339 = z.iso.datetime({ offset: true }).openapi({ type: 'string', format: 'date-time' });
const amount = z.string().regex(/^\d+(\.\d+)?$/);

export const agentPath = z.object({
  name: z.string().min(1).max(idLength).openapi({ description: 'Name of a declared agent.', example: 'support' }),
});
export const agentSessionPath = agentPath.extend({
  sessionId: z.string().min(1).max(idLength).openapi({ description: 'Session id, percent-encoded.' }),
});

/** A declared agent as the runtime has it in force. */
export const agentSummary = z
  .object({
    name: z.string(),
    description: z.string().nullable(),
    labels: z.record(z.string(), z.string()),
    revision: z.string().openapi({ example: 'support@1a2b3c4d5e6f' }),
    deployedAt: rfc3339,
    models: z.array(z.string()).openapi({ description: 'In order: each takes over from the one before it.' }),
    tools: z.array(z.object({ name: z.string(), type: z.string() })),
    revisionCount: z.number().int(),
  })
  .openapi('AgentSummary');
export type AgentSummary = z.infer<typeof agentSummary>;

export const agentsReply = z.object({ agents: z.array(agentSummary) }).openapi('Agents');
export type AgentsReply = z.infer<typeof agentsReply>;

export const agentReply = z
  .object({
    agent: agentSummary.extend({
      definition: z
        .record(z.string(), z.unknown())
        .openapi({ description: 'As its file declares it, references to the environment unresolved.' }),
      revisions: z.array(z.object({ revision: z.string(), registeredAt: rfc3339, isDeployed: z.boolean() })),
      deployments: z
        .array(z.object({ revision: z.string(), previous: z.string().nullable(), deployedAt: rfc3339 }))
        .openapi({ description: 'What the name pointed to, newest first.' }),
    }),
  })
  .openapi('Agent');
export type AgentReply = z.infer<typeof agentReply>;

export const chatHeaders = z.object({
  'x-session-id': z.string().min(1).max(idLength).optional().openapi({
    description: 'Continues this session; without it a new one begins. The answer has it in the same header.',
  }),
  'idempotency-key': z
    .string()
    .min(1)
    .max(idLength)
    .optional()
    .openapi({ description: 'The same turn is never run twice: a repeated request gets the answer of the first.' }),
  traceparent: z.string().max(idLength).optional().openapi({ description: 'W3C context: the turn joins this trace.' }),
});

/** What the runtime takes is its own affair; here only what every request has. */
export const chatRequest = z
  .looseObject(
    {
      messages: z.array(z.looseObject({ role: z.string() }), { error: 'must be a list of messages with a role' }),
      stream: z.boolean({ error: 'must be true or false' }).optional(),
      user: z.string().optional(),
    },
    { error: 'must be an object with `messages`' },
  )
  .openapi('ChatRequest', { description: 'As of OpenAI’s Chat Completions, without `model`.' });

/** How a turn of an agent ended; in a stream it comes with the last chunk. */
export const turnOutcome = z
  .looseObject({
    session_id: z.string(),
    turn_id: z.string(),
    trace_id: z.string(),
    agent: z.string(),
    revision: z.string(),
    state: z.string().openapi({ description: 'completed, failed, interrupted, cancelled or limited.' }),
    reason: z.string().nullable(),
    message: z.string().nullable(),
    cost_usd: amount.nullable(),
    steps: z.number().int(),
    tool_calls: z.number().int(),
  })
  .openapi('TurnOutcome');
export type TurnOutcome = z.infer<typeof turnOutcome>;

export const chatReply = z
  .looseObject({
    id: z.string(),
    choices: z.array(
      z.looseObject({ message: z.looseObject({ role: z.string(), content: z.string().nullable().optional() }) }),
    ),
    sightglass: turnOutcome,
  })
  .openapi('ChatReply');

/** Errors of the runtime, as OpenAI’s clients read them. */
export const runtimeError = z
  .looseObject({ error: z.looseObject({ code: z.string().nullable().optional(), message: z.string() }) })
  .openapi('RuntimeError');

export const agentSessionReply = z
  .object({
    id: z.string(),
    agent: z.string(),
    revision: z.string(),
    user: z.string().nullable(),
    turns: z.array(
      z.object({
        id: z.string(),
        number: z.number().int(),
        state: z.string().openapi({ description: 'As of `TurnOutcome`, or waiting or running.' }),
        reason: z.string().nullable(),
        message: z.string().nullable(),
        input: z.array(z.string()),
        text: z.string(),
        trace_id: z.string(),
        cost_usd: amount.nullable(),
        steps: z.number().int(),
        tool_calls: z.number().int(),
      }),
    ),
  })
  .openapi('AgentSession');
export type AgentSessionReply = z.infer<typeof agentSessionReply>;

export const cancelReply = z.looseObject({}).openapi('Cancelled');

/** Rows of agents or revisions on one answer. */
export const trafficLimits = { default: 200, max: 1_000 } as const;

export const trafficQuery = queryOf({
  project,
  from: time('Inclusive, by the start of the agent’s spans; default: 24 hours before `to`.'),
  to: time('Exclusive; default: now.'),
  agent: text('Agent name.'),
  by: z
    .enum(['agent', 'revision'], { error: 'must be agent or revision' })
    .default('agent')
    .openapi({ description: 'A row for each agent, or for each revision of each.' }),
  limit: limit(trafficLimits),
});
export type TrafficGroup = z.infer<typeof trafficQuery>['by'];

export const trafficReply = z
  .object({
    rows: z.array(
      z.object({
        agent: z.string(),
        revision: z
          .string()
          .nullable()
          .optional()
          .openapi({ description: 'Only where asked for; null: its spans name none.' }),
        traceCount: z.number().int(),
        errorCount: z
          .number()
          .int()
          .openapi({ description: 'Traces in which the agent failed: its own span, or without one any of its spans.' }),
        durationP50Ns: z.string(),
        durationP95Ns: z.string().openapi({ description: 'Of what the agent did in one trace.' }),
        lastSeenUnixNano: unixNano,
      }),
    ),
    rowCount: z.number().int().openapi({ description: 'Rows there are; `rows` has those with the most traces.' }),
  })
  .openapi('AgentTraffic');
export type TrafficReply = z.infer<typeof trafficReply>;
