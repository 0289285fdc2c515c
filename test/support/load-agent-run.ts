import {
  message,
  pad,
  toolName,
  type Make,
  type PlannedAgent,
  type PlannedStep,
  type PlannedTrace,
} from './load-model.ts';
import { placeholder } from './load-random.ts';

const ms = 1e6;

/** One agent run: the input of each call is the whole conversation so far, as real agent loops send it. */
export function planRun(make: Make, agent: PlannedAgent): PlannedTrace {
  const { options, random, text } = make;
  const model = make.pickModel();
  const question = `${text(400)} ${placeholder}`;
  const history = [message('system', agent.system + text(1500)), message('user', question)];
  const none = { tokensIn: 0, tokensOut: 0, cached: 0 };
  const root: PlannedStep = {
    ...{ i: 0, kind: 'agent', model, parent: -1, start: 1000, end: 0, error: false },
    ...none,
  };
  const steps = [root];
  let clock = ms;
  for (let k = 0; k < options.steps; k += 1) {
    const reply = planReply(make, k);
    const input = JSON.stringify(history);
    const took = ms * (800 + random() * 5000);
    steps.push({
      ...{ i: steps.length, kind: 'chat', model, parent: 0, error: false },
      start: Math.floor(clock),
      end: Math.floor(clock + took),
      tokensIn: Math.ceil(input.length / 4),
      tokensOut: 60 + Math.trunc(random() * 200),
      cached: k > 0 ? Math.floor(input.length / 5) : 0,
      inputMessages: input,
      outputMessages: JSON.stringify([reply]),
    });
    clock += took + ms;
    history.push({ role: reply.role, parts: reply.parts });
    const toolTook = ms * (20 + random() * 900);
    const times = { start: Math.floor(clock), end: Math.floor(clock + toolTook) };
    const error = random() < options.errorRate;
    steps.push({ i: steps.length, kind: 'tool', model, parent: 0, ...times, error, ...none });
    clock += toolTook;
    const response = { type: 'tool_call_response', id: `call_${pad(k, 4)}`, response: text(3500) };
    history.push({ role: 'tool', parts: [response] });
  }
  root.end = Math.floor(clock);
  return { steps };
}

function planReply({ options, text }: Make, k: number) {
  if (k === options.steps - 1) return { ...message('assistant', text(900)), finish_reason: 'stop' };
  const words = message('assistant', text(300));
  const call = {
    type: 'tool_call',
    id: `call_${pad(k, 4)}`,
    name: toolName(k),
    arguments: { query: text(120) },
  };
  return { ...words, parts: [...words.parts, call], finish_reason: 'tool_call' };
}
