import { suggest } from '../definition/fields.ts';
import type { ToolCall } from '../models/model.ts';
import { checkArguments } from './check-arguments.ts';
import { describeAbort, describeNoAnswer } from './describe-failure.ts';
import type { Tool, ToolCallContext, ToolResult } from './tool.ts';

/** A tool that does not end by itself when its time is over is left behind after this time. */
const graceMs = 2_000;
const shownNamesMax = 50;

/**
 * Makes a call that a model asked for: finds the tool, checks the arguments, calls. Never rejects, and answers soon after the
 * tool's time is over or the signal is aborted.
 */
export async function callTool(call: ToolCall, tools: readonly Tool[], context: ToolCallContext): Promise<ToolResult> {
  const tool = tools.find(({ spec }) => spec.name === call.name);
  if (tool === undefined) return describeUnknown(call.name, tools);
  const checked = checkArguments(call.arguments, tool.spec.input);
  if ('fault' in checked) {
    return { text: `Wrong arguments for ${call.name}: ${checked.fault}.`, failure: 'invalid_arguments', attempts: 0 };
  }
  if (context.signal.aborted) return describeLeft(tool, context, { wasCalled: false });
  const watch = startWatch(tool, context);
  try {
    return await Promise.race([tool.call(checked.args, context), watch.over]);
  } catch {
    // Tools answer with results; this one has a fault of its own.
    return describeNoAnswer(
      { what: 'the tool has a fault inside the runtime', kind: 'tool_error', wasSent: true },
      { sideEffect: tool.sideEffect, attempts: 1 },
    );
  } finally {
    watch.end();
  }
}

function describeUnknown(name: string, tools: readonly Tool[]): ToolResult {
  const known = tools.map(({ spec }) => spec.name);
  const shown = known.slice(0, shownNamesMax).join(', ') || 'none';
  const more = known.length > shownNamesMax ? ` and ${known.length - shownNamesMax} more` : '';
  return {
    text: `There is no tool ${name.slice(0, 100)}, allowed: ${shown}${more}${suggest(name, known)}`,
    failure: 'unknown_tool',
    attempts: 0,
  };
}

/** Resolves when the tool should have answered long ago. */
function startWatch(tool: Tool, context: ToolCallContext): { over: Promise<ToolResult>; end: () => void } {
  const timers: NodeJS.Timeout[] = [];
  const { promise: over, resolve } = Promise.withResolvers<ToolResult>();
  const expireIn = (ms: number) => {
    timers.push(setTimeout(() => resolve(describeLeft(tool, context, { wasCalled: true })), ms));
  };
  const onAbort = () => expireIn(graceMs);
  expireIn(tool.timeoutMs + graceMs);
  context.signal.addEventListener('abort', onAbort, { once: true });
  const end = () => {
    context.signal.removeEventListener('abort', onAbort);
    for (const timer of timers) clearTimeout(timer);
  };
  return { over, end };
}

function describeLeft(tool: Tool, { signal }: ToolCallContext, { wasCalled }: { wasCalled: boolean }): ToolResult {
  return describeNoAnswer(
    { ...describeAbort(signal, tool.timeoutMs), wasSent: wasCalled },
    { sideEffect: tool.sideEffect, attempts: wasCalled ? 1 : 0 },
  );
}
