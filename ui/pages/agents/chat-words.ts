import type { TurnEnd } from '../../api/chat-events.ts';

/** Where the runtime says nothing better itself. */
const reasonWords: Readonly<Record<string, string>> = {
  max_steps: 'It needed more model calls than a turn may have.',
  max_tool_calls: 'It needed more tool calls than a turn may have.',
  turn_timeout: 'The turn took longer than it may.',
  max_cost_per_turn: 'The turn would have cost more than it may.',
  max_cost_per_session: 'The conversation would have cost more than it may.',
  requests_per_minute: 'The agent may not make more model calls in this minute.',
  tokens_per_minute: 'The agent may not use more tokens in this minute.',
  loop_detected: 'It went on doing the same thing.',
  output_invalid: 'Its answer did not have the form that it must have.',
  output_length: 'Its answer was longer than a model may give.',
  content_filter: 'The provider’s filter ended the answer.',
  stream_cut: 'The model’s answer broke off.',
  cancelled: 'It was stopped.',
  superseded: 'A newer message ended it.',
  model_failed: 'No model gave an answer.',
  context_too_long: 'The conversation is longer than a model takes.',
  budget_exhausted: 'A budget has too little left for it.',
  budget_unavailable: 'What its budgets have left could not be found out.',
  price_unknown: 'Its model has no price, and a budget that stops needs one.',
  internal_error: 'The runtime failed.',
};

const stateWords: Readonly<Record<string, string>> = {
  failed: 'Failed',
  interrupted: 'Interrupted',
  cancelled: 'Stopped',
  limited: 'Ended by a limit',
  paused: 'Waits for a budget',
};

export interface EndWords {
  title: string;
  words: string;
  tone: 'danger' | 'warning' | 'quiet';
}

/** How a turn ended that is not completed: a word or two, and a sentence. */
export function describeEnd({
  state,
  reason,
  message,
}: Pick<TurnEnd, 'state' | 'reason' | 'message'>): EndWords | null {
  if (state === 'completed') return null;
  return {
    title: stateWords[state] ?? state,
    words: message ?? (reason === null ? '' : (reasonWords[reason] ?? reason)),
    tone: state === 'failed' ? 'danger' : state === 'cancelled' ? 'quiet' : 'warning',
  };
}

const toolFailureWords: Readonly<Record<string, string>> = {
  invalid_arguments: 'arguments do not fit',
  tool_error: 'failed',
  upstream_4xx: 'refused',
  upstream_5xx: 'server error',
  outcome_unknown: 'may have happened',
};

/** Why a tool call gave no result, in a word or two. */
export function describeToolFailure(failure: string | null): string {
  return failure === null ? 'failed' : (toolFailureWords[failure] ?? failure.replaceAll('_', ' '));
}
