import type { LoadedAgent } from '../definition/read-definition.ts';
import type { ModelReply, ModelRequest } from '../models/model.ts';
import { ModelFailure } from '../models/model-failure.ts';
import { planCall } from '../models/simulated-plan.ts';
import { readBehaviour } from '../models/simulated-profiles.ts';
import type { Attempt, StepEntry } from '../sessions/record.ts';
import { type PastModel, pastModelsOf, toPastUsage } from './past-models.ts';
import { hashId, type PastScene } from './past-scene.ts';
import type { PastTool } from './past-tools.ts';

const triesOfFirst = 2;

interface ModelCalled {
  agent: LoadedAgent;
  tools: readonly PastTool[];
  messages: ModelRequest['messages'];
  step: number;
  nowMs: number;
  id: string;
  isFirst: boolean;
}

/** The first model twice, then the other one; an answer that broke off stays as it is. */
export function callModels(
  { tier, outage, random }: PastScene,
  { agent, tools, messages, step, nowMs, id, isFirst }: ModelCalled,
): { entry: StepEntry; endMs: number; failure?: ModelFailure } {
  const { definition } = agent;
  const [settings] = definition.model;
  const [first, second] = pastModelsOf(definition.name, tier);
  const request: ModelRequest = {
    model: settings?.model.split('/')[1] ?? 'quick',
    messages,
    tools: tools.map(({ spec }) => spec),
    output: definition.output && { name: definition.name, schema: definition.output.schema },
  };
  const behaviour = readBehaviour(request.model, settings?.simulate);
  const saw = { system: hashId(id), fromTurn: 1, tools: request.tools.map(({ name }) => name) };
  const attempts: Attempt[] = [];
  let atMs = nowMs;
  for (let attempt = 0; ; attempt += 1) {
    const model = attempt < triesOfFirst ? first : second;
    const plan = planCall(request, behaviour, {
      repetition: attempt,
      responseId: `past-${hashId(`${id} ${step} ${attempt}`)}`,
    });
    const isDown = attempt < triesOfFirst ? random() < outage : random() < outage / 2;
    const end =
      isDown || plan.end === 'hang' ? new ModelFailure('unavailable', 'overloaded', { status: 529 }) : plan.end;
    const shown = isDown ? '' : plan.pieces.map((piece) => (piece.type === 'text' ? piece.text : '')).join('');
    const endMs = Math.round(atMs + (isDown ? 500 + 1_800 * random() : plan.endMs));
    const base = { provider: model.provider, model: model.model, startMs: atMs, endMs };
    const firstTokenMs = Math.round(atMs + plan.firstTokenMs);
    if (!(end instanceof ModelFailure)) {
      attempts.push({ ...base, firstTokenMs });
      return { entry: { ...replyParts(end, model, isFirst), type: 'step', step, attempts, saw }, endMs };
    }
    const { kind, message, status } = end;
    attempts.push({ ...base, ...(shown !== '' && { firstTokenMs }), failure: { kind, message, status } });
    if (shown !== '' || attempt === triesOfFirst) {
      return { entry: { type: 'step', step, attempts, text: shown, toolCalls: [], saw }, endMs, failure: end };
    }
    atMs = endMs + 500;
  }
}

function replyParts(reply: ModelReply, model: PastModel, isFirst: boolean) {
  const { text, toolCalls, finishReason, responseId } = reply;
  const usage = toPastUsage(reply, model, isFirst);
  return { text, toolCalls, finishReason, responseId, responseModel: model.responseModel, usage };
}
