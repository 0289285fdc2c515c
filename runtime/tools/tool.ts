import type { ToolSpec } from '../models/model.ts';
import type { Pause } from '../sessions/pause.ts';

/** Why a tool call gave no result: one list for spans, the model and pages. */
export const toolFailureKinds = [
  /** The arguments do not fit the schema; the model may correct them. */
  'invalid_arguments',
  'unknown_tool',
  /** The call is not allowed: a private address, a tool that is not on the list. */
  'denied',
  'timeout',
  'cancelled',
  /** No connection, or it broke before anything was sent. */
  'transport',
  'auth',
  'rate_limited',
  'upstream_4xx',
  'upstream_5xx',
  /** Not readable as what it claims to be. */
  'bad_response',
  /** The tool itself says that it failed (`isError`). */
  'tool_error',
  /** An MCP server is down or lost its session. */
  'server_unavailable',
  /** A write was sent and no answer came: it may have happened. */
  'outcome_unknown',
  /** The same call with the same arguments came too often. */
  'loop_detected',
] as const;

export type ToolFailureKind = (typeof toolFailureKinds)[number];

export type SideEffect = 'read' | 'idempotent' | 'write';

/** What the model is told; `failure` is absent where the call worked. */
export interface ToolResult {
  text: string;
  failure?: ToolFailureKind | undefined;
  /** How often it was sent: more than 1 after automatic retries, 0 if it never was. */
  attempts: number;
  /** Bytes of the whole response, where `text` holds only a part of it. */
  cutFromBytes?: number | undefined;
  /** Of a sub-agent: its turn, to be found by. */
  turn?: { sessionId: string; turnId: string } | undefined;
  /** US dollars that it spent, a decimal; of sub-agents. */
  costUsd?: string | undefined;
  /** Of a sub-agent that waits for a budget: there is no result yet. */
  paused?: Pause | undefined;
}

export interface ToolCallContext {
  /** The same for every try of this call, by whichever process: hash of session, turn and call. */
  idempotencyKey: string;
  /** W3C context of the call's span, sent along. */
  traceparent: string;
  /** The call within its turn; sub-agents are asked in its name. */
  caller: { sessionId: string; turnId: string; callId: string };
  /** Aborted: the turn was cancelled or is out of time. */
  signal: AbortSignal;
}

/** One function that the model may call. */
export interface Tool {
  spec: ToolSpec;
  /** As declared: `http`, `mcp` or `agent`. */
  type: 'http' | 'mcp' | 'agent';
  sideEffect: SideEffect;
  /** Of the whole call, retries included. */
  timeoutMs: number;
  /** Never rejects: whatever goes wrong is a result. `args` fit the spec's schema. */
  call(args: Readonly<Record<string, unknown>>, context: ToolCallContext): Promise<ToolResult>;
}

/** The tools of one revision of an agent; MCP connections are shared by its turns. */
export interface ToolBox {
  /** What can be called now, and the servers that did not answer: their tools are missing. */
  open(
    signal: AbortSignal,
  ): Promise<{ tools: readonly Tool[]; unavailable: readonly { name: string; message: string }[] }>;
  close(): Promise<void>;
}
