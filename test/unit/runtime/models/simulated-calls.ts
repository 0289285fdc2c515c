import { simulate, type Simulate } from '../../../../runtime/definition/simulate-schema.ts';
import type { Message, ModelEvent, ModelReply, ModelRequest } from '../../../../runtime/models/model.ts';
import { ModelFailure } from '../../../../runtime/models/model-failure.ts';
import { simulatedAdapter, type SimulatedClock } from '../../../../runtime/models/simulated.ts';

/** Time that passes as soon as somebody waits for it. */
function createFastClock(): SimulatedClock {
  let nowMs = 0;
  return {
    now: () => nowMs,
    after: (ms, callback) => {
      const timer = setImmediate(() => {
        nowMs += ms;
        callback();
      });
      return () => clearImmediate(timer);
    },
  };
}

/** What a call gave, and when by the simulated clock. */
export interface Answered {
  text: string;
  atMs: number[];
  reply: ModelReply | undefined;
  failure: ModelFailure | undefined;
}

/** A model whose settings are read as they stand in a definition. */
export function createModel(settings: object = {}) {
  const read: Simulate = simulate.parse(settings);
  const clock = createFastClock();
  const adapter = simulatedAdapter({ simulate: read, clock, newId: () => 'sim-1' });
  return {
    ask: async (
      messages: readonly Message[],
      more: Partial<ModelRequest> = {},
      signal = new AbortController().signal,
    ) => {
      const startMs = clock.now();
      const answered: Answered = { text: '', atMs: [], reply: undefined, failure: undefined };
      const take = (event: ModelEvent) => {
        if (event.type === 'end') answered.reply = event.reply;
        else answered.atMs.push(clock.now() - startMs);
        if (event.type === 'text') answered.text += event.text;
      };
      try {
        for await (const event of adapter.stream({ model: 'quick', messages, tools: [], ...more }, signal)) take(event);
      } catch (error) {
        if (!(error instanceof ModelFailure)) throw error;
        answered.failure = error;
      }
      return answered;
    },
  };
}

export const user = (text: string) => ({ role: 'user', content: [{ type: 'text', text }] }) as const satisfies Message;
export const assistant = (text: string): Message => ({ role: 'assistant', text, toolCalls: [] });

/** A call of a tool and its result. */
export function called(name: string, args: object, result: unknown, { isError = false } = {}): Message[] {
  const callId = `c-${name}`;
  const text = typeof result === 'string' ? result : JSON.stringify(result);
  return [
    { role: 'assistant', text: '', toolCalls: [{ id: callId, name, arguments: JSON.stringify(args) }] },
    { role: 'tool', callId, name, text, isError },
  ];
}

export const findOrder = {
  name: 'find_order',
  description: 'State, items and delivery date of one order.',
  input: {
    type: 'object',
    properties: { order_id: { type: 'string', pattern: '^[0-9]{4,10}$' } },
    required: ['order_id'],
  },
};
