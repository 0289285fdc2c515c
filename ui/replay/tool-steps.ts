import type { Message, Part, SpanSkeleton } from '../api/types.ts';
import type { ToolCall } from '../trace/tool-pairs.ts';

/**
 * Which tool spans carried out the calls of one answer: by name, in order, among those that began after the answer did and
 * before `until`, the start of the next call of the same agent. A call without a span keeps its card at the answer.
 */
export function matchToolSteps(
  answer: SpanSkeleton,
  output: readonly Message[],
  { steps, until }: { steps: readonly SpanSkeleton[]; until: string | undefined },
): Map<Part, SpanSkeleton> {
  const from = BigInt(answer.startTimeUnixNano);
  const to = until === undefined ? undefined : BigInt(until);
  const free = steps.filter(({ kind, sameExecutionAs, traceId, startTimeUnixNano }) => {
    if (kind !== 'tool' || sameExecutionAs !== undefined) return false;
    const start = BigInt(startTimeUnixNano);
    return start >= from && (to === undefined || start < to || traceId !== answer.traceId);
  });
  const matched = new Map<Part, SpanSkeleton>();
  for (const call of listToolCalls(output)) {
    const place = free.findIndex((step) => isNamed(step, call.name));
    const step = free[place];
    if (step === undefined) continue;
    free.splice(place, 1);
    matched.set(call, step);
  }
  return matched;
}

/** The tool calls that an answer asks for, in order. */
export function listToolCalls(output: readonly Message[]): ToolCall[] {
  return output.flatMap(({ parts }) => parts.filter((part): part is ToolCall => part.type === 'tool_call'));
}

function isNamed(step: SpanSkeleton, name: string): boolean {
  return step.toolName === null ? step.name.split(/\s+/).includes(name) : step.toolName === name;
}
