import { z } from '@hono/zod-openapi';
import { message } from './messages.ts';
import { cursor, filters, limit, listLimits, project, queryOf, sortOf, time } from './requests.ts';
import { spanSkeleton } from './spans.ts';
import { cost, nextCursor, traceId, unixNano, usage } from './values.ts';

/** Turns on one page of a session. */
export const turnPageLimits = { default: 50, max: 200 } as const;
/** Steps of one turn that are sent; `stepCount` says how many there are. */
export const turnStepsMax = 2_000;

export const sessionSummary = z
  .object({
    sessionId: z.string(),
    userId: z.string().nullable(),
    agents: z.array(z.string()),
    models: z.array(z.string()),
    startTimeUnixNano: unixNano,
    endTimeUnixNano: unixNano,
    turnCount: z.number().int(),
    traceCount: z.number().int(),
    errorCount: z.number().int(),
    status: z.enum(['ok', 'error']),
    firstInput: z.string().nullable().openapi({ description: 'At most 200 characters.' }),
    lastOutput: z.string().nullable().openapi({ description: 'At most 200 characters.' }),
    labels: z.record(z.string(), z.string()).openapi({
      description: 'What the steps that its traces begin with are labelled with; of several values the first.',
    }),
    usage,
    cost,
  })
  .openapi('SessionSummary');
export type SessionSummary = z.infer<typeof sessionSummary>;

export const sessionListReply = z.object({ sessions: z.array(sessionSummary), nextCursor }).openapi('SessionList');
export type SessionListReply = z.infer<typeof sessionListReply>;

export const sessionSorts = ['-startTime', 'startTime', '-endTime', '-turns', '-cost', '-tokens', '-errors'] as const;
export type SessionSort = (typeof sessionSorts)[number];

export const sessionListQuery = queryOf({
  ...filters,
  from: time('Inclusive; default: 24 hours before `to`. Sessions that ended before are left out.'),
  to: time('Exclusive; default: now. Sessions that began later are left out.'),
  status: filters.status.openapi({ description: 'Of the session itself.' }),
  q: filters.q.openapi({
    description:
      'Words that all occur in one message, in one span’s name and previews, or in the session’s; `"quoted words"` occur in ' +
      'this order. A user id finds its sessions of the window; the id of a session, or of a trace, span or response of it, ' +
      'finds the session at any time.',
  }),
  sort: sortOf(sessionSorts),
  limit: limit(listLimits),
  cursor,
});
export type SessionListQuery = z.infer<typeof sessionListQuery>;

/** What happened from one user message to the next. */
export const turn = z
  .object({
    traceIds: z.array(traceId),
    startTimeUnixNano: unixNano,
    endTimeUnixNano: unixNano,
    input: z
      .array(message)
      .openapi({ description: 'The user messages it began with; none where no content was sent.' }),
    output: z.array(message).openapi({ description: 'The last answer of a model in it.' }),
    steps: z.array(spanSkeleton).openapi({ description: 'In order of start; cut at a bound, see `stepCount`.' }),
    stepCount: z.number().int(),
    usage,
    cost,
    status: z.enum(['ok', 'error']).openapi({
      description:
        'error: a model call or the root of a trace failed, and no model call that ended later succeeded. The root of a trace ' +
        'with several turns fails the last of them.',
    }),
  })
  .openapi('Turn');
export type Turn = z.infer<typeof turn>;

export const sessionQuery = queryOf({ project, limit: limit(turnPageLimits), cursor });

export const sessionPath = z.object({
  sessionId: z.string().min(1).max(512).openapi({ description: 'Session id, percent-encoded.' }),
});

export const sessionReply = z
  .object({
    session: sessionSummary,
    turns: z.array(turn),
    tracesLeftOut: z.number().int().optional().openapi({
      description: 'Traces beyond the first 10 000: no turn has them, the summary does. Absent where all are there.',
    }),
    nextCursor,
  })
  .openapi('SessionReply');
export type SessionReply = z.infer<typeof sessionReply>;
