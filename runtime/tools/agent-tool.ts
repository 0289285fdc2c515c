import type { Tool as DeclaredTool } from '../definition/tool-schema.ts';
import { describeTimeout } from './describe-failure.ts';
import type { Tool, ToolCallContext, ToolResult } from './tool.ts';

export type DeclaredAgentTool = Extract<DeclaredTool, { type: 'agent' }>;

/** Runs a turn of another agent, found again under the same idempotency key; ends it when the signal is aborted. */
export type RunAgent = (
  agent: string,
  message: string,
  context: ToolCallContext,
  tool: DeclaredAgentTool,
) => Promise<ToolResult>;

/** Another agent as a tool: a message goes in, its answer comes out. */
export function makeAgentTool(declared: DeclaredAgentTool, runAgent: RunAgent): Tool {
  const input = {
    type: 'object',
    properties: {
      message: { type: 'string', minLength: 1, description: 'All that it needs to know: it sees nothing else.' },
    },
    required: ['message'],
  };
  return {
    spec: { name: declared.name, description: declared.description, input },
    type: 'agent',
    // What its own tools write is in the care of its own turn.
    sideEffect: 'idempotent',
    timeoutMs: declared.timeout,
    call: async (args, context) => {
      const timeout = AbortSignal.timeout(declared.timeout);
      const signal = AbortSignal.any([context.signal, timeout]);
      const result = await runAgent(declared.agent, String(args['message']), { ...context, signal }, declared);
      if (result.failure !== 'cancelled' || context.signal.aborted || !timeout.aborted) return result;
      return { ...result, failure: 'timeout', text: `The call failed: ${describeTimeout(declared.timeout)}.` };
    },
  };
}
