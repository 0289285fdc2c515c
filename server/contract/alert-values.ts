import { z } from '@hono/zod-openapi';

/** What a rule looks at. */
export const alertMetrics = [
  'spend',
  'budget',
  'forecast',
  'cost_per_session',
  'error_rate',
  'latency_p50',
  'latency_p95',
  'latency_p99',
  'first_token_p95',
  'token_growth_per_turn',
  'loop',
  'tool_error_streak',
  'unpriced_calls',
  'missing_data',
] as const;
export type AlertMetric = (typeof alertMetrics)[number];

/** What a value of a metric counts; 80 percent is 80. */
export const alertUnits = ['usd', 'percent', 'ms', 'tokens', 'minutes', 'count'] as const;
export type AlertUnit = (typeof alertUnits)[number];

/** What a rule may be divided by; `label:KEY` is one more for every key. */
export const alertDimensions = [
  'agent',
  'model',
  'provider',
  'user',
  'session',
  'environment',
  'costCentre',
  'team',
  'tool',
] as const;
export type AlertDimension = (typeof alertDimensions)[number];

export const alertStateNames = ['ok', 'pending', 'firing', 'resolved', 'no_data'] as const;
export type AlertStateName = (typeof alertStateNames)[number];
export const alertSeverities = ['warning', 'critical'] as const;
export type AlertSeverity = (typeof alertSeverities)[number];

export const alertMetric = z.enum(alertMetrics, { error: `must be one of ${alertMetrics.join(', ')}` });
export const alertUnit = z.enum(alertUnits);
export const alertStateName = z.enum(alertStateNames, { error: `must be one of ${alertStateNames.join(', ')}` });
export const alertSeverity = z.enum(alertSeverities);

export const alertLink = z.object({
  label: z.string(),
  path: z.string().startsWith('/').openapi({ description: 'On this server, with everything that the page needs.' }),
});
export type AlertLink = z.infer<typeof alertLink>;

export const alertWindow = z.object({
  from: z.string().openapi({ description: 'RFC 3339; inclusive.' }),
  to: z.string().openapi({ description: 'RFC 3339; exclusive.' }),
});
