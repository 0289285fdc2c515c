import { z } from '@hono/zod-openapi';
import { spanKinds } from './values.ts';

export const listLimits = { default: 50, max: 500 } as const;
/** A trace's spans come in pages of up to this many skeletons, about half a kilobyte each. */
export const tracePageLimits = { default: 5_000, max: 10_000 } as const;
export const filterValuesMax = 20;
export const filterValueLength = 512;
export const queryTextMax = 500;
const cursorLength = 1_000;
const projectLength = 128;
const durationMsMax = 1_000_000_000;

/** Query parameters: an unknown name is an error that lists the known ones, since a typing error must not widen a list. */
export function queryOf<Shape extends z.core.$ZodShape>(shape: Shape) {
  const known = Object.keys(shape).sort().join(', ') || 'none';
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown parameter ${issue.keys.map((key) => `\`${key}\``).join(', ')}; allowed: ${known}`
        : undefined,
  });
}

export function time(description: string) {
  const error = 'must be an RFC 3339 time such as 2026-11-22T12:00:00Z';
  return z.iso
    .datetime({ offset: true, error })
    .optional()
    .openapi({ type: 'string', format: 'date-time', description, example: '2026-11-22T12:00:00Z' });
}

export function wholeNumber(range: { min: number; max: number }) {
  const error = `must be a whole number from ${range.min} to ${range.max}`;
  return z
    .string({ error })
    .regex(/^\d{1,10}$/, { error })
    .transform(Number)
    .refine((value) => value >= range.min && value <= range.max, { error });
}

export function limit(limits: { default: number; max: number }) {
  return wholeNumber({ min: 1, max: limits.max }).default(limits.default).openapi({
    type: 'integer',
    minimum: 1,
    maximum: limits.max,
    default: limits.default,
    description: 'Entries on a page; a page may hold fewer although there are more.',
  });
}

export const cursor = z
  .string({ error: 'must be given once' })
  .max(cursorLength, { error: `must be at most ${cursorLength} characters` })
  .optional()
  .openapi({ description: 'The `nextCursor` of the page before; leave all other parameters as they were.' });

/** One value or several of the same name (`agent=a&agent=b`): any of them matches. */
function anyOf<Value extends string>(value: z.ZodType<Value, Value>, options: { error: string; description: string }) {
  const { error, description } = options;
  return z
    .union([value, z.array(value).max(filterValuesMax, { error })], { error })
    .transform((given): Value[] => (Array.isArray(given) ? given : [given]))
    .optional()
    .openapi({ description: `${description} Repeat it for any of several values.` });
}

export function text(description: string) {
  const error = `must be 1 to ${filterValueLength} characters, given at most ${filterValuesMax} times`;
  return anyOf<string>(z.string().min(1, { error }).max(filterValueLength, { error }), { error, description });
}

export const project = z
  .string({ error: 'must be given once' })
  .min(1, { error: 'must not be empty' })
  .max(projectLength, { error: `must be at most ${projectLength} characters` })
  .default('default')
  .openapi({ description: 'The project to read.' });

export const labelKeyMax = 128;

export const label = text('A label.')
  .refine((labels) => labels === undefined || labels.every((one) => /^[^=]{1,128}=./s.test(one)), {
    error: `must be KEY=VALUE, with a key of at most ${labelKeyMax} characters`,
  })
  .openapi({ description: 'A label as `KEY=VALUE`. Of several values of one key any matches; every key must match.' });

/** What traces, spans, facets, histogram and the live stream share. */
export const filters = {
  project,
  from: time('Inclusive; default: 24 hours before `to`. Of a trace, the start of its root counts.'),
  to: time('Exclusive; default: now.'),
  agent: text('Agent name.'),
  model: text('Response or request model.'),
  user: text('User id.'),
  session: text('Session id.'),
  tool: text('Tool name.'),
  provider: text('Provider, for example `openai`.'),
  service: text('`service.name` of the resource.'),
  environment: text('`deployment.environment.name` of the resource.'),
  label,
  kind: anyOf(z.enum(spanKinds), {
    error: `must be one of ${spanKinds.join(', ')}, given at most ${filterValuesMax} times`,
    description: 'Span kind.',
  }),
  status: z
    .enum(['ok', 'error'], { error: 'must be ok or error' })
    .optional()
    .openapi({ description: 'Of a trace: its own status. Of a span: `error`, or `ok` for every other.' }),
  minCostUsd: z
    .string()
    .regex(/^\d{1,6}(\.\d{1,12})?$/, { error: 'must be a decimal number of US dollars such as 0.25' })
    .optional()
    .openapi({ description: 'Known cost of at least this; what has no known cost does not match.' }),
  minDurationMs: wholeNumber({ min: 0, max: durationMsMax }).optional().openapi({
    type: 'integer',
    minimum: 0,
    maximum: durationMsMax,
    description: 'Duration of at least this.',
  }),
  q: z
    .string({ error: 'must be given once' })
    .max(queryTextMax, { error: `must be at most ${queryTextMax} characters` })
    .optional()
    .openapi({
      description:
        'Words that all occur in one message, or in one span’s name and previews; `"quoted words"` occur in this order. ' +
        'The id of a trace, span, session or response finds its traces at any time.',
      example: 'refund "order 1042"',
    }),
};

/** For requests that take no parameter. */
export const noQuery = queryOf({});

export const projectQuery = queryOf({ project });

export const filterQuery = queryOf(filters);
export type FilterQuery = z.infer<typeof filterQuery>;

export const traceSorts = ['-startTime', 'startTime', '-duration', '-tokens', '-errors', '-cost'] as const;
export type TraceSort = (typeof traceSorts)[number];

export function sortOf<const Sorts extends readonly [string, ...string[]]>(sorts: Sorts) {
  return z
    .enum(sorts, { error: `must be one of ${sorts.join(', ')}` })
    .default('-startTime' as never)
    .openapi({ description: 'Order; `-` is descending. Unknown values come last.' });
}

export const traceListQuery = queryOf({
  ...filters,
  sort: sortOf(traceSorts),
  limit: limit(listLimits),
  cursor,
});
export type TraceListQuery = z.infer<typeof traceListQuery>;

export const spanSorts = ['-startTime', 'startTime'] as const;
export type SpanSort = (typeof spanSorts)[number];

export const spanListQuery = queryOf({
  ...filters,
  sort: sortOf(spanSorts),
  limit: limit(listLimits),
  cursor,
});
export type SpanListQuery = z.infer<typeof spanListQuery>;

export const traceQuery = queryOf({ project, limit: limit(tracePageLimits), cursor });
export type TraceQuery = z.infer<typeof traceQuery>;

export const priceQuery = queryOf({
  project: project.openapi({
    description: 'The project that calls; prices of the override file may be for one alone.',
  }),
  provider: z
    .string({ error: 'must be given once' })
    .max(filterValueLength, { error: `must be at most ${filterValueLength} characters` })
    .default('')
    .openapi({
      description: 'As spans have it, for example `openai`; left out, the name of the model tells it where it can.',
    }),
  model: z
    .string({ error: 'must be given once' })
    .min(1, { error: 'must not be empty' })
    .max(filterValueLength, { error: `must be at most ${filterValueLength} characters` })
    .openapi({ description: 'Model, as in a request or an answer.', example: 'gpt-4o-2024-08-06' }),
  at: time('When the call starts; default: now.'),
});

export function hexId(digits: number, description: string) {
  return z
    .string()
    .regex(new RegExp(`^[0-9a-fA-F]{${digits}}$`), { error: `must be ${digits} hex digits` })
    .transform((id) => id.toLowerCase())
    .openapi({ type: 'string', description });
}

export const tracePath = z.object({ traceId: hexId(32, 'W3C trace id.') });
export const spanPath = tracePath.extend({ spanId: hexId(16, 'W3C span id.') });

export const liveHeaders = z.object({
  'last-event-id': z
    .string()
    .regex(/^\d{1,15}$/, { error: 'must be an event id of this stream' })
    .optional()
    .openapi({ description: 'Sent by browsers when they open the stream again.' }),
});
