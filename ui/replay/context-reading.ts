import type { CallDetail } from './call-content.ts';
import { type ContextLine, diffContexts } from './context-diff.ts';
import { type ContextEntry, listContext } from './context-entries.ts';
import { type ModelCall, type ModelCalls, listCallsBefore } from './model-calls.ts';
import { keyOfStep } from './turn-rows.ts';

/** What a model call was given, beside the call before it. */
export interface ContextReading {
  detail: CallDetail;
  entries: ContextEntry[];
  /** Null where it is the first of its thread. */
  before: ModelCall | null;
  lines: ContextLine[];
  /** What tool calls are called, by id. */
  toolNames: ReadonlyMap<string, string>;
}

/**
 * Titles, guards and retries run between the calls of a conversation under the same agent: the call before is the nearest one
 * that has anything in common, within so many.
 */
const candidatesMax = 3;

/** Loads a call and the one before it in its thread, and compares what the two were given. */
export async function readContext(
  call: ModelCall,
  { calls, load }: { calls: ModelCalls; load: (key: string) => Promise<CallDetail> },
): Promise<ContextReading> {
  const detail = await load(keyOfStep(call.step));
  const entries = listContext(detail);
  const toolNames = new Map<string, string>();
  nameTools(entries, toolNames);
  let fallback: ContextReading | undefined;
  for (const before of listCallsBefore(calls, call, candidatesMax)) {
    const earlier = await load(keyOfStep(before.step));
    const entriesBefore = listContext(earlier);
    nameTools(entriesBefore, toolNames);
    const lines = diffContexts(entriesBefore, entries, earlier.outputMessages);
    const reading = { detail, entries, before, lines, toolNames };
    if (entries.length === 0 || lines.some(({ state, entry }) => state === 'same' && entry.source === 'message'))
      return reading;
    fallback ??= reading;
  }
  if (fallback !== undefined) return fallback;
  return {
    detail,
    entries,
    before: null,
    toolNames,
    lines: entries.map((entry) => ({ state: 'same', entry, markerMoved: false })),
  };
}

function nameTools(entries: readonly ContextEntry[], names: Map<string, string>): void {
  for (const { message } of entries) {
    for (const part of message?.parts ?? []) {
      if (part.type === 'tool_call' && part.id !== null) names.set(part.id, part.name);
    }
  }
}

/** A run of entries of one kind; unchanged ones are folded together. */
export interface ContextRun {
  isSame: boolean;
  lines: { line: ContextLine; place: number }[];
}

/** Puts unchanged neighbours into one run, every other line into one of its own; `place` is the entry's, −1 for a removed one. */
export function groupRuns(lines: readonly ContextLine[]): ContextRun[] {
  const runs: ContextRun[] = [];
  let place = 0;
  for (const line of lines) {
    const at = line.state === 'removed' ? -1 : place++;
    const isSame = line.state === 'same';
    const last = runs.at(-1);
    if (isSame && last?.isSame === true) last.lines.push({ line, place: at });
    else runs.push({ isSame, lines: [{ line, place: at }] });
  }
  return runs;
}
