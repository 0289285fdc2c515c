import type { ToolCall } from '../models/model.ts';
import type { Entry } from '../sessions/record.ts';

/** So often one call may give the same result; the next is not made. */
const sameResultsMax = 2;
/** So many calls that were not made end the turn. */
const refusalsMax = 3;

/** What the model is told instead of the result, where the call goes in circles; undefined: it may be made. */
export function findLoop(entries: readonly Entry[], call: ToolCall): string | undefined {
  const wanted = canonical(call.arguments);
  const results = entries.flatMap((entry) =>
    entry.type === 'tool' && entry.name === call.name && canonical(entry.arguments) === wanted ? [entry] : [],
  );
  const made = results.filter(({ failure }) => failure !== 'loop_detected');
  const last = made.at(-1);
  if (last === undefined || made.length < sameResultsMax) return undefined;
  // A call whose results differ waits for something: that is no circle.
  if (!made.slice(-sameResultsMax).every(({ text }) => text === last.text)) return undefined;
  return `This call was made ${made.length} times with the same arguments and the same result, so it was not made again. Use what is there, or do something else.`;
}

/** Whether the turn is to be ended for it. */
export function isCircling(entries: readonly Entry[]): boolean {
  return entries.filter((entry) => entry.type === 'tool' && entry.failure === 'loop_detected').length >= refusalsMax;
}

/** The same arguments in another order or spacing are the same. */
function canonical(text: string): string {
  try {
    return JSON.stringify(sorted(JSON.parse(text)));
  } catch {
    return text;
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, one]) => [key, sorted(one)]);
}
