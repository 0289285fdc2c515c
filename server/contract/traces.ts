import { z } from '@hono/zod-openapi';
import { spanSkeleton } from './spans.ts';
import { cost, nextCursor, traceId, unixNano, usage } from './values.ts';

export const traceSummary = z
  .object({
    traceId,
    name: z.string(),
    startTimeUnixNano: unixNano,
    endTimeUnixNano: unixNano,
    durationNs: z.string(),
    status: z.enum(['ok', 'error']),
    spanCount: z.number().int(),
    errorCount: z.number().int(),
    agents: z.array(z.string()),
    models: z.array(z.string()),
    inputPreview: z.string().nullable().openapi({ description: 'At most 200 characters.' }),
    outputPreview: z.string().nullable().openapi({ description: 'At most 200 characters.' }),
    sessionId: z.string().nullable(),
    userId: z.string().nullable(),
    settled: z
      .boolean()
      .optional()
      .openapi({ description: 'false: too new, usage and cost are not summed up yet and read as zeros and unknown.' }),
    usage,
    cost,
  })
  .openapi('TraceSummary');
export type TraceSummary = z.infer<typeof traceSummary>;

export const traceListReply = z.object({ traces: z.array(traceSummary), nextCursor }).openapi('TraceList');
export type TraceListReply = z.infer<typeof traceListReply>;

export const traceLabel = z
  .object({
    key: z.string(),
    values: z.array(z.string()).openapi({ description: 'The commonest, three at most.' }),
    valueCount: z.number().int(),
  })
  .openapi('TraceLabel');
export type TraceLabel = z.infer<typeof traceLabel>;

export const traceReply = z
  .object({
    trace: traceSummary,
    labels: z.array(traceLabel).optional().openapi({
      description: 'What the spans of the trace are labelled with, the commonest hundred keys; on the first page only.',
    }),
    spans: z.array(spanSkeleton),
    nextCursor,
  })
  .openapi('TraceReply');
export type TraceReply = z.infer<typeof traceReply>;

/** Counts of traces by the time of their root, oldest bucket first, empty buckets included. */
export const histogramReply = z
  .object({
    intervalMs: z.number().int(),
    buckets: z.array(
      z.object({ startTimeUnixNano: unixNano, traceCount: z.number().int(), errorCount: z.number().int() }),
    ),
  })
  .openapi('TraceHistogram');
export type HistogramReply = z.infer<typeof histogramReply>;

export const facetNames = [
  'agent',
  'model',
  'kind',
  'status',
  'user',
  'session',
  'tool',
  'provider',
  'service',
  'environment',
] as const;
export type FacetName = (typeof facetNames)[number];

/** The commonest values of each filter among the traces that match, with the number of traces that have them. */
export const facetsReply = z
  .object({
    facets: z.array(
      z.object({
        name: z.enum(facetNames),
        values: z.array(z.object({ value: z.string(), traceCount: z.number().int() })),
        more: z.boolean().openapi({ description: 'There are further values.' }),
      }),
    ),
  })
  .openapi('Facets');
export type FacetsReply = z.infer<typeof facetsReply>;

export const projectsReply = z
  .object({
    projects: z.array(z.object({ projectId: z.string(), spanCount: z.number().int(), lastSeenUnixNano: unixNano })),
    otlpUrl: z
      .string()
      .nullable()
      .openapi({ description: 'Where agents send their spans (OTLP/HTTP); null where the server was not told.' }),
  })
  .openapi('Projects');
export type ProjectsReply = z.infer<typeof projectsReply>;
