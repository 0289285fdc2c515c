import { z } from '@hono/zod-openapi';
import { spanKinds } from './values.ts';

export const listLimits = { default: 50, max: 500 } as const;
/** A trace's spans come in pages of up to this many skeletons, about half a kilobyte each. */
export const tracePageLimits = { default: 5_000, max: 10_000 } as const;
export const filterValuesMax = 20;
export const queryTextMax = 500;

const rfc3339 = z.iso
  .datetime({ offset: true, error: 'an RFC 3339 time such as 2026-11-22T12:00:00Z' })
  .openapi({ example: '2026-11-22T12:00:00Z' });

/** One value or several of the same name (`agent=a&agent=b`): any of them matches. */
const values = z
  .union([z.string().min(1).max(512), z.array(z.string().min(1).max(512)).max(filterValuesMax)])
  .transform((value) => (Array.isArray(value) ? value : [value]))
  .optional();

const kinds = z
  .union([z.enum(spanKinds), z.array(z.enum(spanKinds)).max(filterValuesMax)])
  .transform((value) => (Array.isArray(value) ? value : [value]))
  .optional();

export const projectQuery = z.object({ project: z.string().min(1).max(128).default('default') });

/** The filters that traces, spans, facets, histogram and live stream share. `from` inclusive, `to` exclusive. */
export const filterQuery = projectQuery.extend({
  from: rfc3339.optional().openapi({ description: 'Inclusive; default: 24 hours before `to`.' }),
  to: rfc3339.optional().openapi({ description: 'Exclusive; default: now.' }),
  agent: values,
  model: values,
  user: values,
  session: values,
  tool: values,
  provider: values,
  service: values,
  environment: values,
  kind: kinds,
  status: z.enum(['ok', 'error']).optional(),
  minCostUsd: z.string().regex(/^\d{1,6}(\.\d{1,12})?$/, 'a decimal number of US dollars').optional(),
  minDurationMs: z.coerce.number().int().min(0).max(1_000_000_000).optional(),
  q: z
    .string()
    .max(queryTextMax)
    .optional()
    .openapi({ description: 'Words that all occur in a span’s name, preview or messages; an id finds its trace.' }),
});
export type FilterQuery = z.infer<typeof filterQuery>;

export const traceSorts = ['-startTime', 'startTime', '-duration', '-tokens', '-errors', '-cost'] as const;

const page = {
  limit: z.coerce.number().int().min(1).max(listLimits.max).default(listLimits.default),
  cursor: z.string().max(1_000).optional(),
};

export const traceListQuery = filterQuery.extend({ ...page, sort: z.enum(traceSorts).default('-startTime') });
export type TraceListQuery = z.infer<typeof traceListQuery>;

export const spanListQuery = filterQuery.extend({ ...page, sort: z.enum(['-startTime', 'startTime']).default('-startTime') });
export type SpanListQuery = z.infer<typeof spanListQuery>;

export const traceQuery = projectQuery.extend({
  limit: z.coerce.number().int().min(1).max(tracePageLimits.max).default(tracePageLimits.default),
  cursor: z.string().max(1_000).optional(),
});
export type TraceQuery = z.infer<typeof traceQuery>;
