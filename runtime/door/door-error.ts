import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { parseUsd } from '../run/money.ts';
import type { ExhaustedBudget, Pause } from '../sessions/pause.ts';

/** Every error of the door: its status, the `type` that OpenAI clients expect with it, and what it means. */
export const doorErrors = {
  invalid_request: [
    400,
    'invalid_request_error',
    'A field is missing, malformed or out of range; `param` names it, the message says what is allowed.',
  ],
  context_length_exceeded: [
    400,
    'invalid_request_error',
    'The conversation is longer than every model of the agent takes, also without its older turns.',
  ],
  unauthorized: [
    401,
    'authentication_error',
    'With SIGHTGLASS_AUTH=on: the request has no valid key, or the key has expired or was revoked.',
  ],
  budget_exhausted: [
    402,
    'insufficient_quota',
    'A budget has too little left for the call; `budget` names it. A session that waits for it goes on by itself.',
  ],
  forbidden: [403, 'permission_error', 'The key lacks scope run, or is of another project.'],
  foreign_origin: [403, 'permission_error', 'The request came from a web page of another origin.'],
  model_not_found: [
    404,
    'invalid_request_error',
    'No such provider or model; allowed are agent/NAME and PROVIDER/MODEL.',
  ],
  agent_not_found: [
    404,
    'invalid_request_error',
    'No agent of this name is deployed; the message lists those that are.',
  ],
  session_not_found: [
    404,
    'invalid_request_error',
    'There is no such session, it has expired, or it belongs to another agent or user.',
  ],
  not_found: [404, 'invalid_request_error', 'There is no such path.'],
  session_busy: [409, 'conflict_error', 'A turn of the session is running, and the agent takes one message at a time.'],
  history_mismatch: [409, 'conflict_error', 'The messages differ from what the session holds; the message says where.'],
  turn_cancelled: [409, 'conflict_error', 'The turn was cancelled before it said anything.'],
  body_too_large: [413, 'invalid_request_error', 'The body is larger than 8 MiB.'],
  unsupported_media_type: [415, 'invalid_request_error', 'The body is not application/json.'],
  wrong_host: [421, 'invalid_request_error', 'The Host header does not name this machine.'],
  price_unknown: [422, 'invalid_request_error', 'A budget that stops applies, and the model has no price.'],
  idempotency_key_reused: [422, 'invalid_request_error', 'The key was used with another request.'],
  rate_limited: [
    429,
    'rate_limit_error',
    'The provider limits the rate, also after retries and fallbacks; or the agent does by its own limits, which the message names.',
  ],
  quota_exhausted: [429, 'insufficient_quota', 'The account at the provider has nothing left.'],
  queue_full: [429, 'rate_limit_error', 'As many messages wait in the session as its agent allows.'],
  internal: [500, 'server_error', 'A bug; the log has the cause.'],
  model_failed: [502, 'server_error', 'No model of the agent answered; the message says why.'],
  output_invalid: [502, 'server_error', 'The answer does not have the declared form, also after repairs.'],
  session_store_unavailable: [503, 'server_error', 'The session store does not answer; try again.'],
  key_check_unavailable: [503, 'server_error', 'The server does not answer, so the key cannot be checked; try again.'],
  budget_unavailable: [503, 'server_error', 'What budgets have left cannot be found out; try again.'],
  shutting_down: [503, 'server_error', 'The runtime is stopping; try again.'],
  model_timeout: [504, 'server_error', 'No model answered in time.'],
} as const satisfies Record<string, readonly [status: ContentfulStatusCode, type: string, meaning: string]>;

export type DoorErrorCode = keyof typeof doorErrors;

/** Calls of models take some seconds. */
const heldRetryMs = 5_000;

/** What the caller is told instead of an answer, in the form of the OpenAI API. */
export class DoorError extends Error {
  override readonly name = 'DoorError';
  readonly code: DoorErrorCode;
  /** The field of the request that it is about. */
  readonly param: string | null;
  readonly retryAfterMs: number | undefined;
  /** Of `budget_exhausted`. */
  readonly budget: ExhaustedBudget | undefined;

  constructor(
    code: DoorErrorCode,
    message: string,
    details: {
      param?: string | null | undefined;
      retryAfterMs?: number | undefined;
      budget?: ExhaustedBudget | undefined;
    } = {},
  ) {
    super(message);
    this.code = code;
    this.param = details.param ?? null;
    this.retryAfterMs = details.retryAfterMs;
    this.budget = details.budget;
  }

  get status(): ContentfulStatusCode {
    return doorErrors[this.code][0];
  }

  /** `{ message, type, param, code }`, and the budget that is used up. */
  toJSON(): { message: string; type: string; param: string | null; code: DoorErrorCode; budget?: object } {
    const error = { message: this.message, type: doorErrors[this.code][1], param: this.param, code: this.code };
    return this.budget === undefined ? error : { ...error, budget: describeBudget(this.budget) };
  }
}

/** A call that a budget refuses. What only other calls under way hold may be free again soon. */
export function exhaustedError(message: string, budget: ExhaustedBudget | undefined): DoorError {
  const isSoon =
    budget !== undefined && parseUsd(budget.spentUsd) + parseUsd(budget.neededUsd) <= parseUsd(budget.amountUsd);
  return new DoorError('budget_exhausted', message, { budget, retryAfterMs: isSoon ? heldRetryMs : undefined });
}

/** As clients read it. */
export function describeBudget(budget: ExhaustedBudget) {
  return {
    ...{ id: budget.budgetId, name: budget.name, value: budget.value, action: budget.action },
    amount_usd: budget.amountUsd,
    spent_usd: budget.spentUsd,
    held_usd: budget.heldUsd,
    needed_usd: budget.neededUsd,
    begins_anew_at: budget.beginsAnew,
  };
}

/** For whoever waits for a turn of a session that waits itself, or says something new in it. */
export function pausedError({ budget }: Pick<Pause, 'budget'>): DoorError {
  const whose = budget.value === null ? '' : ` of ${budget.value}`;
  const anew = budget.beginsAnew === null ? '' : ` or begins anew at ${budget.beginsAnew}`;
  const message = `the session waits: the budget ${budget.name}${whose} has less left of $${budget.amountUsd} than its next call may cost ($${budget.neededUsd}); it goes on by itself when the budget is raised${anew}`;
  return new DoorError('budget_exhausted', message, { budget });
}

/** For whoever waits for a turn when the runtime stops. */
export function leftError(): DoorError {
  return new DoorError('shutting_down', 'the runtime stops; the turn goes on and its answer is kept in its session', {
    retryAfterMs: 1_000,
  });
}
