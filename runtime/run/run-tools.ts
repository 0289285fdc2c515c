import { createHash } from 'node:crypto';
import type { ToolCall } from '../models/model.ts';
import type { StepEntry, ToolEntry } from '../sessions/record.ts';
import { callTool } from '../tools/call-tool.ts';
import { toolSpanContext } from '../telemetry/span-ids.ts';
import type { Tool, ToolResult } from '../tools/tool.ts';
import { findLoop } from './loop-detection.ts';
import type { TurnJob } from './turn-job.ts';
import { stopReason, TurnStopped } from './stop.ts';
import type { TurnLog } from './turn-log.ts';
import { TurnPaused } from './turn-paused.ts';

export interface ToolRun {
  job: TurnJob;
  log: TurnLog;
  step: StepEntry;
  tools: readonly Tool[];
}

const unknownOutcome: ToolResult = {
  text: 'It is not known whether this call was carried out: it was sent, and the process that waited for the answer ended. It was not sent again. Find out before you repeat it.',
  failure: 'outcome_unknown',
  attempts: 1,
};

/**
 * Makes the calls of a step that have no result yet, several at a time, and writes each result down when it is there. A write that
 * was begun by a process that is gone is not made again.
 */
export async function runTools({ job, log, step, tools }: ToolRun): Promise<void> {
  const waiting = step.toolCalls.filter(({ id }) => log.findTool(step.step, id) === undefined);
  const lanes = Math.min(job.agent.definition.limits.maxParallelToolCalls, waiting.length);
  const next = waiting.values();
  const ended = await Promise.allSettled(
    Array.from({ length: lanes }, async () => {
      for (const call of next) await runOne({ job, log, step, tools }, call);
    }),
  );
  // Only now: what the other calls came to is part of the record, however the turn goes on.
  for (const lane of ended) if (lane.status === 'rejected') throw lane.reason;
}

async function runOne({ job, log, step, tools }: ToolRun, call: ToolCall): Promise<void> {
  job.signal.throwIfAborted();
  const tool = tools.find(({ spec }) => spec.name === call.name);
  const wasStarted = log.hasStarted(step.step, call.id);
  const startMs = job.nowMs();
  const loop = findLoop(log.entries, call);
  let result: ToolResult;
  if (loop !== undefined) result = { text: loop, failure: 'loop_detected', attempts: 0 };
  // A sub-agent's turn has a record of its own and is found again.
  else if (wasStarted && (tool === undefined || (tool.sideEffect === 'write' && tool.type !== 'agent')))
    result = unknownOutcome;
  else {
    if (!wasStarted && tool !== undefined) {
      const { sideEffect } = tool;
      await log.append({
        type: 'tool_started',
        callId: call.id,
        step: step.step,
        name: call.name,
        sideEffect,
        atMs: startMs,
      });
    }
    job.emit({ type: 'tool_started', callId: call.id, name: call.name, arguments: call.arguments });
    result = await callTool(call, tools, {
      idempotencyKey: callKey(job, step, call),
      traceparent: toolSpanContext(job.turn, { step: step.step, callId: call.id }),
      caller: { sessionId: job.session.id, turnId: job.turn.id, callId: call.id },
      signal: job.signal,
    });
  }
  const reason = stopReason(job.signal);
  // What comes back then belongs to whoever has the turn now.
  if (reason === 'lost' || reason === 'shutdown') throw new TurnStopped(reason);
  // The sub-agent is asked again when this turn goes on, and its turn is found.
  const { paused, ...outcome } = result;
  if (paused !== undefined) throw new TurnPaused(paused);
  const entry: ToolEntry = {
    type: 'tool',
    callId: call.id,
    step: step.step,
    name: call.name,
    toolType: tool?.type ?? 'none',
    arguments: call.arguments,
    ...outcome,
    startMs,
    endMs: job.nowMs(),
  };
  await log.append(entry);
  const durationMs = entry.endMs - startMs;
  job.emit({ type: 'tool_ended', callId: call.id, name: call.name, failure: result.failure ?? null, durationMs });
}

/** The same for every try of a call, by whichever process. */
function callKey({ session, turn }: TurnJob, step: StepEntry, call: ToolCall): string {
  return createHash('sha256')
    .update(JSON.stringify([session.id, turn.id, step.step, call.id]))
    .digest('hex');
}
