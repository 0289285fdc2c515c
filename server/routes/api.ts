import { OpenAPIHono, type z } from '@hono/zod-openapi';
import { apiErrors, ApiError, type ApiErrorCode } from '../contract/errors.ts';
import { errorReply } from '../contract/errors-reply.ts';
import type { ServerEnv } from '../middleware/environment.ts';

/** A router whose requests are checked against their zod schemas; what fails is `invalid_request` with one line. */
export function createRouter(): OpenAPIHono<ServerEnv> {
  return new OpenAPIHono<ServerEnv>({
    defaultHook: (result) => {
      if (!result.success) throw new ApiError('invalid_request', describeIssue(result.error));
    },
  });
}

function describeIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'the request is malformed';
  return issue.path.length === 0 ? issue.message : `\`${issue.path.join('.')}\` ${issue.message}`;
}

/** The `responses` of a route: its JSON reply and every error it may answer, those of the whole API included. */
export function replies<Schema extends z.ZodType>(schema: Schema, description: string, errors: ApiErrorCode[] = []) {
  return {
    200: { description, content: { 'application/json': { schema } } },
    ...errorReplies([...errors, ...commonErrors]),
  };
}

const commonErrors: ApiErrorCode[] = [
  'invalid_request',
  'unauthorized',
  'forbidden',
  'foreign_origin',
  'wrong_host',
  'unsupported_media_type',
  'query_too_large',
  'internal',
  'database_unavailable',
  'query_timeout',
];

/** Error responses by status; codes that share a status share its entry. */
export function errorReplies(codes: readonly ApiErrorCode[]) {
  const meanings = new Map<number, string[]>();
  for (const code of codes) {
    const { status, meaning } = apiErrors[code];
    meanings.set(status, [...(meanings.get(status) ?? []), `\`${code}\`: ${meaning}`]);
  }
  return Object.fromEntries(
    [...meanings].map(([status, lines]) => [
      status,
      { description: lines.join('\n\n'), content: { 'application/json': { schema: errorReply } } },
    ]),
  );
}
