import { z } from '@hono/zod-openapi';
import { filters, labelKeyMax, queryOf } from './requests.ts';

/** Label keys of one answer, and values of one key: the commonest of them. */
export const labelsMax = 100;

const traceCount = z.number().int().openapi({ description: 'Traces that have it; about, beyond 65 536.' });
const more = z.boolean().openapi({ description: `There are further ones than these ${labelsMax}.` });

export const labelsReply = z
  .object({
    labels: z.array(
      z.object({
        key: z.string(),
        traceCount,
        valueCount: z.number().int().openapi({ description: 'Distinct values; about, beyond 65 536.' }),
      }),
    ),
    more,
  })
  .openapi('Labels');
export type LabelsReply = z.infer<typeof labelsReply>;

export const labelValuesQuery = queryOf({
  ...filters,
  key: z
    .string({ error: 'must be given once' })
    .min(1, { error: 'must not be empty' })
    .max(labelKeyMax, { error: `must be at most ${labelKeyMax} characters` })
    .openapi({ description: 'Key of the label.', example: 'team' }),
});

export const labelValuesReply = z
  .object({ key: z.string(), values: z.array(z.object({ value: z.string(), traceCount })), more })
  .openapi('LabelValues');
export type LabelValuesReply = z.infer<typeof labelValuesReply>;
