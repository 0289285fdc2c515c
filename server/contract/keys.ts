import { z } from '@hono/zod-openapi';
import { noQuery } from './requests.ts';
import { unixNano } from './values.ts';

/** What a key may do; none includes another. */
export const keyScopes = ['ingest', 'read', 'run', 'admin'] as const;
export const keyScope = z.enum(keyScopes, { error: `must be one of ${keyScopes.join(', ')}` }).openapi('KeyScope', {
  description:
    '`ingest`: send spans. `read`: what the API answers to GET. `run`: talk to agents and models. `admin`: keys, ' +
    're-settlements and every other write.',
});
export type KeyScope = z.infer<typeof keyScope>;

/** The project of a key that is of none: its requests name theirs. */
export const everyProject = '*';

export const keyLimits = {
  nameLength: 100,
  projectLength: 128,
  expiresInDaysMax: 3_650,
  spansPerSecondMax: 10_000_000,
  spansPerDayMax: 1_000_000_000_000,
} as const;

/** A project travels in headers: no control characters, no space around it, no half of a character. */
const noControls = /^(?!\s)[^\p{Cc}\p{Cs}]+(?<!\s)$/u;

const keyId = z.string().regex(/^[0-9a-f]{12}$/, { error: 'must be the id of a key: 12 hex digits' });

/** A key as it may be shown: never its secret, nor the hash of it. */
export const projectKey = z
  .object({
    keyId,
    name: z.string(),
    projectId: z.string().openapi({ description: `\`${everyProject}\`: every project.` }),
    scopes: z.array(keyScope),
    createdUnixNano: unixNano,
    createdBy: z.string().openapi({ description: '`command`, `api` without a key, or the id of a key.' }),
    expiresUnixNano: unixNano.nullable(),
    revokedUnixNano: unixNano.nullable(),
    lastUsedUnixNano: unixNano.nullable().openapi({ description: 'Up to half a minute late.' }),
    limits: z.object({
      spansPerSecond: z.number().int().nullable(),
      spansPerDay: z.number().int().nullable().openapi({ description: 'UTC days.' }),
    }),
    spansToday: z.number().int().openapi({ description: 'Stored since midnight UTC; some seconds late.' }),
  })
  .openapi('Key');
export type ProjectKey = z.infer<typeof projectKey>;

export const keysReply = z.object({ keys: z.array(projectKey) }).openapi('Keys');
export type KeysReply = z.infer<typeof keysReply>;

function strict<Shape extends z.core.$ZodShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown field ${issue.keys.map((key) => `\`${key}\``).join(', ')}; allowed: ${Object.keys(shape).join(', ')}`
        : undefined,
  });
}

function count(max: number) {
  const error = `must be a whole number from 1 to ${max}`;
  return z.number({ error }).int({ error }).min(1, { error }).max(max, { error });
}

function line(max: number) {
  const error = `must be 1 to ${max} characters, none of them a control character, and no space around them`;
  return z.string({ error }).min(1, { error }).max(max, { error }).regex(noControls, { error });
}

/** What is asked for. */
export const createKeyRequest = strict({
  projectId: line(keyLimits.projectLength),
  name: line(keyLimits.nameLength),
  scopes: z
    .array(keyScope, { error: 'must be a list of scopes' })
    .min(1, { error: `must hold at least one of ${keyScopes.join(', ')}` })
    .max(keyScopes.length, { error: 'must hold each scope once' })
    .refine((scopes) => new Set(scopes).size === scopes.length, { error: 'must hold each scope once' }),
  expiresInDays: count(keyLimits.expiresInDaysMax).optional().openapi({ description: 'Left out: it does not expire.' }),
  limits: strict({
    spansPerSecond: count(keyLimits.spansPerSecondMax).optional(),
    spansPerDay: count(keyLimits.spansPerDayMax).optional(),
  }).optional(),
}).openapi('CreateKeyRequest');
export type CreateKeyRequest = z.infer<typeof createKeyRequest>;

export const createdKeyReply = z
  .object({
    key: projectKey,
    secret: z.string().openapi({ description: 'The whole key, to be sent as it is. It cannot be read again.' }),
  })
  .openapi('CreatedKey');
export type CreatedKeyReply = z.infer<typeof createdKeyReply>;

export const keyPath = z.object({ keyId: keyId.openapi({ description: 'As the list of keys has it.' }) });
export const keyReply = z.object({ key: projectKey }).openapi('KeyReply');

/** Who asks. */
export const meReply = z
  .object({
    auth: z.enum(['off', 'on']).openapi({ description: '`off`: everything is allowed, from this machine only.' }),
    key: projectKey.pick({ keyId: true, name: true, projectId: true, scopes: true }).nullable(),
  })
  .openapi('Me');
export type MeReply = z.infer<typeof meReply>;

export const loginRequest = strict({
  key: z
    .string({ error: 'must be a key' })
    .min(1, { error: 'must be a key' })
    .max(200, { error: 'must be a key: at most 200 characters' }),
}).openapi('LoginRequest');

export const doneReply = z.object({ status: z.literal('ok') });
export const keysQuery = noQuery;
