import type { Part, SpanDetail, SpanSkeleton } from '../api/types.ts';
import type { ToolResponse } from '../trace/tool-pairs.ts';
import { type ModelCall, type ModelCalls, findCallAfter } from './model-calls.ts';
import { listToolCalls, matchToolSteps } from './tool-steps.ts';
import { keyOfStep } from './turn-rows.ts';

export interface ToolContent {
  arguments: unknown;
  result: unknown;
  /** The id of the call, where the model or the span names one. */
  callId: string | null;
  /** Where arguments or result were found, if the tool's own span does not have them. */
  from: string | undefined;
}

type Load = (key: string) => Promise<SpanDetail>;

/**
 * What a tool was given and answered: its span's own, else what the model asked for and was told. Costs a request or two only
 * where the span has none.
 */
export async function readToolContent(
  detail: SpanDetail,
  parts: { calls: ModelCalls; steps: readonly SpanSkeleton[]; load: Load },
): Promise<ToolContent> {
  const own: ToolContent = {
    arguments: detail.toolArguments ?? detail.inputValue,
    result: detail.toolResult ?? detail.outputValue,
    callId: detail.toolCallId,
    from: undefined,
  };
  if (isKnown(own.arguments) && isKnown(own.result)) return own;
  const asked = await findAsking(detail, parts);
  if (asked === undefined) return own;
  const response = await readResponse(asked.call, asked.part, parts);
  return {
    arguments: isKnown(own.arguments) ? own.arguments : asked.part.arguments,
    result: isKnown(own.result) ? own.result : response?.result,
    callId: own.callId ?? asked.part.id,
    from: 'from the model’s messages',
  };
}

/** What the next call of the same agent was told about these calls; for those that have no span. */
export async function readResponses(
  call: ModelCall,
  parts: { calls: ModelCalls; load: Load },
): Promise<readonly ToolResponse[]> {
  const next = findCallAfter(parts.calls, call);
  if (next === undefined) return [];
  const { inputMessages } = await parts.load(keyOfStep(next.step));
  return inputMessages.flatMap((message) =>
    message.parts.filter((part): part is ToolResponse => part.type === 'tool_call_response'),
  );
}

/** The response to one call: by id, else the last one of its name. */
export function findResponse(
  responses: readonly ToolResponse[],
  call: { id: string | null; name: string },
): ToolResponse | undefined {
  return responses.findLast(({ id, name }) =>
    call.id !== null && id !== null ? id === call.id : name === undefined || name === call.name,
  );
}

async function readResponse(
  call: ModelCall,
  part: Part & { type: 'tool_call' },
  parts: { calls: ModelCalls; load: Load },
) {
  return findResponse(await readResponses(call, parts), part);
}

/** The model call before the tool that asked for it. */
async function findAsking(
  tool: SpanSkeleton,
  { calls, steps, load }: { calls: ModelCalls; steps: readonly SpanSkeleton[]; load: Load },
) {
  const start = BigInt(tool.startTimeUnixNano);
  const before = steps.flatMap((step) => {
    const call = calls.byStep.get(keyOfStep(step));
    return call !== undefined && BigInt(step.startTimeUnixNano) <= start ? [call] : [];
  });
  const call = before.at(-1);
  if (call === undefined) return undefined;
  const { outputMessages } = await load(keyOfStep(call.step));
  const until = findCallAfter(calls, call)?.step.startTimeUnixNano;
  const matched = matchToolSteps(call.step, outputMessages, { steps, until });
  const part = listToolCalls(outputMessages).find((one) => matched.get(one)?.spanId === tool.spanId);
  return part === undefined ? undefined : { call, part };
}

function isKnown(value: unknown): boolean {
  return value !== null && value !== undefined;
}
