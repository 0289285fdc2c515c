import type { AgentDefinition } from '../definition/schema.ts';
import type { Entry, StepEntry, TurnEnd } from '../sessions/record.ts';
import { addUsd, reachesUsd } from './money.ts';

type Limits = AgentDefinition['limits'];
type Limited = Pick<TurnEnd, 'state' | 'reason' | 'message'>;

/** The limit that the next model call would break, if any. `sessionUsd` is what the earlier turns spent. */
export function findBrokenLimit(entries: readonly Entry[], limits: Limits, sessionUsd: string): Limited | undefined {
  const steps = countSteps(entries);
  if (steps >= limits.maxSteps)
    return limited('max_steps', `The turn was ended after ${steps} model calls (limits.maxSteps).`);
  const spent = turnUsd(entries);
  const { maxCostPerTurn, maxCostPerSession } = limits;
  if (maxCostPerTurn !== undefined && reachesUsd(spent, maxCostPerTurn))
    return limited(
      'max_cost_per_turn',
      `The turn was ended at $${spent} of $${maxCostPerTurn} (limits.maxCostPerTurn).`,
    );
  const total = addUsd([sessionUsd, spent]);
  if (maxCostPerSession !== undefined && reachesUsd(total, maxCostPerSession))
    return limited(
      'max_cost_per_session',
      `The turn was ended: the session has spent $${total} of $${maxCostPerSession} (limits.maxCostPerSession).`,
    );
  return undefined;
}

/** Whether the calls of a step are more than the turn may still make. */
export function findBrokenToolLimit(entries: readonly Entry[], step: StepEntry, limits: Limits): Limited | undefined {
  const before = entries.reduce(
    (sum, one) => sum + (one.type === 'step' && one.step < step.step ? one.toolCalls.length : 0),
    0,
  );
  if (before + step.toolCalls.length <= limits.maxToolCalls) return undefined;
  return limited(
    'max_tool_calls',
    `The turn was ended: it asked for more than ${limits.maxToolCalls} tool calls (limits.maxToolCalls).`,
  );
}

/** US dollars of a turn, sub-agents included; calls whose cost is not known are not in it. */
export function turnUsd(entries: readonly Entry[]): string {
  return addUsd(
    entries.map((entry) => {
      if (entry.type === 'step' || entry.type === 'tool') return entry.costUsd;
      return entry.type === 'compacted' ? entry.call?.costUsd : undefined;
    }),
  );
}

/** The same, null where the cost of any answered call is not known: never 0 for it. */
export function knownUsd(entries: readonly Entry[]): string | null {
  return entries.some(isOfUnknownCost) ? null : turnUsd(entries);
}

function isOfUnknownCost(entry: Entry): boolean {
  if (entry.type === 'tool') return entry.turn !== undefined && entry.costUsd === undefined;
  const call = entry.type === 'step' ? entry : entry.type === 'compacted' ? entry.call : undefined;
  // A call that failed before it said anything cost nothing; one that broke off did, and nobody says how much.
  const hasSaid = entry.type === 'step' && entry.text !== '';
  const isAnswered = call?.finishReason !== undefined || call?.usage !== undefined;
  return (isAnswered || hasSaid) && call?.costUsd === undefined;
}

/** Model calls of a turn. */
export function countSteps(entries: readonly Entry[]): number {
  return entries.reduce((sum, { type }) => sum + (type === 'step' ? 1 : 0), 0);
}

function limited(reason: NonNullable<TurnEnd['reason']>, message: string): Limited {
  return { state: 'limited', reason, message };
}
