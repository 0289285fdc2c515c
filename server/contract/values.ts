import { z } from '@hono/zod-openapi';

/** Nanoseconds since 1970 as a decimal string, as in OTLP/JSON: a JSON number would lose digits. */
export const unixNano = z
  .string()
  .regex(/^\d{1,19}$/)
  .openapi({ example: '1795376862093000000' });

export const traceId = z
  .string()
  .regex(/^[0-9a-f]{32}$/, 'a trace id is 32 lower-case hex digits')
  .openapi({ example: '4bf92f3577b34da6a3ce929d0e0e4736' });

export const spanId = z
  .string()
  .regex(/^[0-9a-f]{16}$/, 'a span id is 16 lower-case hex digits')
  .openapi({ example: '00f067aa0ba902b7' });

/** Sums over counted model calls; input includes cached tokens, output includes reasoning. */
export const usage = z
  .object({
    modelCalls: z.number().int().openapi({ description: 'Counted llm and embedding calls, failed ones included.' }),
    inputTokens: z.number().int(),
    outputTokens: z.number().int(),
    cacheReadTokens: z.number().int(),
    cacheWriteTokens: z.number().int(),
    reasoningTokens: z.number().int(),
  })
  .openapi('Usage');
export type Usage = z.infer<typeof usage>;

/** `usd` is a decimal string, `null` where nothing could be priced; the two counts add up to `modelCalls`. */
export const cost = z
  .object({
    usd: z.string().nullable(),
    pricedCalls: z.number().int(),
    unpricedCalls: z.number().int(),
  })
  .openapi('Cost');
export type Cost = z.infer<typeof cost>;

export const spanKinds = [
  'agent',
  'llm',
  'tool',
  'retriever',
  'embedding',
  'chain',
  'guardrail',
  'evaluator',
  'other',
] as const;
export const spanKind = z.enum(spanKinds).openapi('SpanKind');
export type SpanKind = z.infer<typeof spanKind>;

export const nextCursor = z
  .string()
  .nullable()
  .openapi({ description: 'Give it back as `cursor` for the next page; `null` on the last one.' });
