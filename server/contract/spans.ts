import { z } from '@hono/zod-openapi';
import { bookingStatuses, ledgerEntry } from './costs.ts';
import { message, part } from './messages.ts';
import { cost, nextCursor, spanId, spanKind, traceId, unixNano, usage } from './values.ts';

export const spanSkeleton = z
  .object({
    traceId,
    spanId,
    parentSpanId: spanId.nullable(),
    name: z.string(),
    kind: spanKind,
    operation: z.string().nullable(),
    startTimeUnixNano: unixNano,
    endTimeUnixNano: unixNano,
    status: z.enum(['unset', 'ok', 'error']),
    errorType: z.string().nullable(),
    agentName: z.string().nullable(),
    sessionId: z.string().nullable(),
    userId: z.string().nullable(),
    provider: z.string().nullable(),
    requestModel: z.string().nullable(),
    responseModel: z.string().nullable(),
    toolName: z.string().nullable(),
    serviceName: z.string().nullable(),
    usage: usage.nullable().openapi({ description: 'null only where a span is no model call and reports no tokens.' }),
    usageScope: z.enum(['call', 'aggregate']).nullable(),
    counted: z.boolean().openapi({ description: 'This span’s usage is in the sums.' }),
    notCountedBecause: z.enum(['aggregate', 'wrapper', 'duplicate', 'not_a_model_call']).nullable(),
    countedInstead: z
      .object({ traceId, spanId })
      .nullable()
      .optional()
      .openapi({ description: 'Of a wrapper or duplicate: the span that stands in the sums for it.' }),
    sameExecutionAs: z.object({ traceId, spanId }).optional().openapi({
      description:
        'Of a tool among the steps of a turn: the step that records the same execution and stands for it, as the client’s span of an MCP call does for the server’s.',
    }),
    settled: z.boolean().openapi({ description: 'false: too new, it is not decided yet whether this span counts.' }),
    costStatus: z
      .enum(bookingStatuses)
      .nullable()
      .optional()
      .openapi({ description: 'How a counted span was booked; of `reported`, the amount is the emitter’s own.' }),
    cost,
  })
  .openapi('SpanSkeleton');
export type SpanSkeleton = z.infer<typeof spanSkeleton>;

const attributes = z.record(z.string(), z.unknown());

export const spanEvent = z.object({ timeUnixNano: unixNano, name: z.string(), attributes }).openapi('SpanEvent');
export type SpanEvent = z.infer<typeof spanEvent>;

export const spanLink = z.object({ traceId, spanId, attributes }).openapi('SpanLink');
export type SpanLink = z.infer<typeof spanLink>;

export const spanMapping = z
  .object({
    convention: z.string().nullable().openapi({
      description:
        'The convention that gave the kind, else the first that the span speaks; null where none was understood.',
    }),
    fields: z
      .array(
        z.object({
          field: z.string().openapi({ description: 'A field of the span; token counts are `usage.input` and so on.' }),
          convention: z.string().openapi({ description: 'The convention that was believed; `` for names of none.' }),
          attribute: z.string().openapi({
            description:
              'Where it was found: an attribute, `root.*` for a list in flat names, several with commas, or words for what is no attribute.',
          }),
        }),
      )
      .openapi({ description: 'Empty where nothing was understood, and of spans stored before this was kept.' }),
  })
  .openapi('SpanMapping', { description: 'How the span was read: where each of its fields was found.' });
export type SpanMapping = z.infer<typeof spanMapping>;

export const score = z
  .object({
    name: z.string(),
    value: z.number().nullable(),
    label: z.string().nullable(),
    explanation: z.string().nullable(),
    source: z.enum(['human', 'evaluator', 'api']),
    author: z.string().nullable(),
    timeUnixNano: unixNano,
  })
  .openapi('Score');

export const spanDetail = spanSkeleton
  .extend({
    statusMessage: z.string().nullable(),
    environment: z.string().nullable(),
    scope: z.object({ name: z.string().nullable(), version: z.string().nullable() }),
    convention: z
      .string()
      .nullable()
      .openapi({ description: 'The span convention that was understood; null where none was.' }),
    mapping: spanMapping,
    labels: z
      .record(z.string(), z.string())
      .openapi({ description: 'The span’s own labels; a tag `beta` is the label `tag.beta` with the value `true`.' }),
    serviceTier: z.string().nullable(),
    isBatch: z.boolean(),
    agentId: z.string().nullable().optional(),
    agentVersion: z.string().nullable().optional(),
    toolCallId: z.string().nullable(),
    responseId: z.string().nullable(),
    finishReasons: z.array(z.string()),
    stream: z.boolean(),
    timeToFirstTokenNs: z.string().nullable(),
    reportedCostUsd: z
      .string()
      .nullable()
      .optional()
      .openapi({ description: 'What the emitter said it cost; in no sum.' }),
    booking: ledgerEntry.nullable().optional().openapi({
      description: 'Its row of the ledger, with the price behind the amount; null where it has none (yet).',
    }),
    systemInstructions: z.array(part),
    toolDefinitions: z.array(z.unknown()),
    inputMessages: z.array(message),
    outputMessages: z.array(message),
    missingMessages: z
      .number()
      .int()
      .openapi({ description: 'Messages that the span names but that are not stored (any more).' }),
    toolArguments: z.unknown(),
    toolResult: z.unknown(),
    inputValue: z
      .unknown()
      .optional()
      .openapi({ description: 'What went into a span that is no model or tool call; null: unknown.' }),
    outputValue: z.unknown().optional().openapi({ description: 'What came out of it.' }),
    attributes: attributes.openapi({ description: 'As sent, those that became messages or tool payloads left out.' }),
    resource: attributes,
    events: z.array(spanEvent),
    links: z.array(spanLink),
    scores: z.array(score),
    droppedAttributesCount: z.number().int(),
    droppedEventsCount: z.number().int(),
    droppedLinksCount: z.number().int(),
  })
  .openapi('SpanDetail');
export type SpanDetail = z.infer<typeof spanDetail>;

export const spanListReply = z.object({ spans: z.array(spanSkeleton), nextCursor }).openapi('SpanList');
export type SpanListReply = z.infer<typeof spanListReply>;

export const spanReply = z.object({ span: spanDetail }).openapi('SpanReply');
export type SpanReply = z.infer<typeof spanReply>;
