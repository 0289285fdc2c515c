import type { SpanSkeleton, Turn } from '../api/types.ts';
import { describeCounting } from '../trace/counting-words.ts';
import type { ShareName } from './context-shares.ts';

export const shareWords: Record<ShareName, { label: string; colour: string; unit: string }> = {
  system: { label: 'System', colour: 'var(--kind-agent)', unit: 'prompt' },
  tools: { label: 'Tool definitions', colour: 'var(--kind-guardrail)', unit: 'definition' },
  history: { label: 'History', colour: 'var(--kind-other)', unit: 'message' },
  toolOutput: { label: 'Tool output', colour: 'var(--kind-tool)', unit: 'result' },
  newMessage: { label: 'New user message', colour: 'var(--kind-llm)', unit: 'message' },
};

/** How long a step took, in nanoseconds. */
export function durationOf(step: Pick<SpanSkeleton | Turn, 'startTimeUnixNano' | 'endTimeUnixNano'>): bigint {
  return BigInt(step.endTimeUnixNano) - BigInt(step.startTimeUnixNano);
}

/** From the end of one turn to the start of the next, in nanoseconds; null for the first one and where they overlap. */
export function findGap(before: Turn | undefined, turn: Turn): bigint | null {
  if (before === undefined) return null;
  const gap = BigInt(turn.startTimeUnixNano) - BigInt(before.endTimeUnixNano);
  return gap <= 0n ? null : gap;
}

/** `12:03:11`, the local time of day. */
export function formatTimeOfDay(unixNano: string): string {
  return new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(
    Number(BigInt(unixNano) / 1_000_000n),
  );
}

/** `37 %`; what is there but rounds to nothing says so. */
export function formatShare(share: number): string {
  if (share > 0 && share < 0.01) return '< 1 %';
  return `${Math.round(share * 100)} %`;
}

/** Why a step's usage is in no sum, short and as a sentence; null where it is, or where there is none. */
export function describeLeftOut(step: SpanSkeleton): { short: string; long: string } | null {
  const { state, short, long } = describeCounting(step);
  if (state === 'settling') return { short, long };
  if (state !== 'left out') return null;
  const instead = (step.countedInstead ?? null) === null ? '' : ' another span, which is counted.';
  return { short: `not counted: ${short}`, long: `${long}${instead}` };
}

/** What a step is called in one line. */
export function nameStep(step: SpanSkeleton): string {
  if (step.kind === 'tool') return step.toolName ?? step.name;
  return step.kind === 'agent' ? (step.agentName ?? step.name) : step.name;
}
