import { z } from '@hono/zod-openapi';

/** A message too large to keep whole carries how large it was; the text ends where it was cut. */
const cut = {
  truncatedBytes: z.number().int().optional().openapi({ description: 'Size in bytes before it was cut.' }),
};

export const part = z
  .discriminatedUnion('type', [
    z.looseObject({ type: z.literal('text'), content: z.string(), ...cut }),
    z.looseObject({ type: z.literal('reasoning'), content: z.string(), ...cut }),
    z.looseObject({
      type: z.literal('tool_call'),
      id: z.string().nullable(),
      name: z.string(),
      arguments: z.unknown(),
      ...cut,
    }),
    z.looseObject({
      type: z.literal('tool_call_response'),
      id: z.string().nullable(),
      name: z.string().optional(),
      result: z.unknown(),
      ...cut,
    }),
    z.looseObject({
      type: z.literal('media'),
      modality: z.string(),
      mimeType: z.string().nullable(),
      content: z.string().optional().openapi({ description: 'Base64.' }),
      uri: z.string().optional(),
      fileId: z.string().optional(),
      ...cut,
    }),
    z.looseObject({ type: z.literal('data'), value: z.unknown(), ...cut }),
  ])
  .openapi('Part');
export type Part = z.infer<typeof part>;

export const message = z
  .looseObject({
    role: z.string().openapi({ description: 'system, user, assistant or tool; another role is kept as sent.' }),
    name: z.string().optional(),
    parts: z.array(part),
    finishReason: z.string().optional(),
  })
  .openapi('Message');
export type Message = z.infer<typeof message>;
