import type { SpanSkeleton } from '../contract/spans.ts';
import type { Cost, Usage } from '../contract/values.ts';
import { formatAmount, parseAmount } from './prices/amount.ts';
import type { SessionTurn } from './settlement/turns.ts';
import type { TurnStep, TurnSteps } from './turn-steps.ts';

/** The step that was given the turn's user message first; undefined where nobody spoke. */
export function openerOf(turn: SessionTurn, { steps }: TurnSteps): TurnStep | undefined {
  const [first] = turn.parts;
  if (first === undefined || first.userMessageCount === 0) return undefined;
  const speakers = steps.filter(({ given, isUserFacing }) => isUserFacing && given.userMessageCount > 0);
  return speakers.find(({ given }) => given.lastUserMessage === first.lastUserMessage) ?? speakers[0];
}

/**
 * The step that answered last: of those outside of tools and nested agents that have an output, the one that ended last. A
 * call that was given another message and ran beside one that was given the user's (a title, a guard) does not answer.
 */
export function answerOf({ steps }: TurnSteps, opener: TurnStep | undefined): TurnStep | undefined {
  const answers = steps.filter(({ hasOutput, isUserFacing }) => hasOutput && isUserFacing);
  const last = latestEnd(answers);
  if (last === undefined || opener === undefined || !isGivenAnother(last, opener)) return last;
  const beside = answers.filter((step) => !isGivenAnother(step, opener) && step.span.endNs > last.span.startNs);
  return latestEnd(beside) ?? last;
}

function isGivenAnother({ given }: TurnStep, opener: TurnStep): boolean {
  return given.userMessageCount > 0 && given.lastUserMessage !== opener.given.lastUserMessage;
}

/** A model call or a trace failed, and no model call that ended later succeeded. */
export function hasFailed({ steps, failedRoots }: TurnSteps): boolean {
  const calls = steps.filter(({ span }) => span.kind === 'llm');
  const failure = latestEnd([...calls.filter(({ span }) => span.isError), ...failedRoots]);
  const answer = latestEnd(calls.filter(({ span }) => !span.isError));
  return failure !== undefined && (answer === undefined || answer.span.endNs <= failure.span.endNs);
}

function latestEnd(steps: readonly TurnStep[]): TurnStep | undefined {
  const [first, ...rest] = steps;
  if (first === undefined) return undefined;
  return rest.reduce((latest, step) => (step.span.endNs >= latest.span.endNs ? step : latest), first);
}

const answering: ReadonlySet<string> = new Set(['assistant', 'tool']);

/**
 * Of the messages that a call was given, in order, those the user spoke last: after the last of an assistant or a tool, or
 * where none follows that (the call goes on in a tool loop) the ones before it.
 */
export function lastSpoken<Given extends { role: string }>(given: readonly Given[]): Given[] {
  const end = given.findLastIndex(({ role }) => role === 'user') + 1;
  const begin = given.slice(0, end).findLastIndex(({ role }) => answering.has(role)) + 1;
  return given.slice(begin, end).filter(({ role }) => role === 'user');
}

export interface Amounts {
  usage: Usage;
  cost: Cost;
}

/** What of some steps is in the sums. */
export function sumSteps(steps: readonly Pick<SpanSkeleton, 'counted' | 'usage' | 'cost'>[]): Amounts {
  return sumAmounts(steps.filter(({ counted }) => counted));
}

/** Exact: money is added up in whole numbers of 10^-12 dollars; unknown where all of it is. */
export function sumAmounts(amounts: readonly { usage: Usage | null; cost: Cost }[]): Amounts {
  const sum = (name: keyof Usage) => amounts.reduce((total, { usage }) => total + (usage?.[name] ?? 0), 0);
  const known = amounts.flatMap(({ cost }) => (cost.usd === null ? [] : [parseAmount(cost.usd)]));
  return {
    usage: {
      modelCalls: sum('modelCalls'),
      inputTokens: sum('inputTokens'),
      outputTokens: sum('outputTokens'),
      cacheReadTokens: sum('cacheReadTokens'),
      cacheWriteTokens: sum('cacheWriteTokens'),
      reasoningTokens: sum('reasoningTokens'),
    },
    cost: {
      usd: known.length === 0 ? null : formatAmount(known.reduce((total, amount) => total + amount, 0n)),
      pricedCalls: amounts.reduce((total, { cost }) => total + cost.pricedCalls, 0),
      unpricedCalls: amounts.reduce((total, { cost }) => total + cost.unpricedCalls, 0),
    },
  };
}
