import type { ModelRequest } from './model.ts';
import { improvise, isAskedToSummarize } from './simulated-improvise.ts';
import type { SimulatedBehaviour } from './simulated-profiles.ts';
import type { Random } from './simulated-random.ts';
import { readConversation } from './simulated-reading.ts';
import { type Decision, followScript } from './simulated-script.ts';

/** By the script, else by what the conversation and the tools suggest. */
export function decide(request: ModelRequest, behaviour: SimulatedBehaviour, random: Random): Decision {
  const reading = readConversation(request);
  const tools = request.toolChoice === 'none' ? [] : request.tools;
  const isToSummarize = reading.notice !== '' && isAskedToSummarize(reading);
  const scripted = isToSummarize
    ? undefined
    : followScript(behaviour, { reading, offered: tools.map(({ name }) => name), random });
  // A text that has to be JSON may not come from a script that answers in prose.
  if (scripted !== undefined && fitsRequest(scripted, request)) return scripted;
  return improvise(request, { reading, tools, answerTokens: behaviour.answerTokens, random });
}

function fitsRequest({ text, calls }: Decision, { output, toolChoice }: ModelRequest): boolean {
  if (typeof toolChoice === 'object' || toolChoice === 'required') return calls.length > 0;
  if (output === undefined || calls.length > 0) return true;
  return text.trimStart().startsWith('{');
}
