/** What a session and its turns are, as every store keeps them: plain JSON. */
import type {
  FinishReason,
  Message,
  ModelReply,
  ProviderState,
  ToolCall,
  ToolSpec,
  Usage,
  UserPart,
} from '../models/model.ts';
import type { ModelFailureKind } from '../models/model-failure.ts';
import type { SideEffect, ToolFailureKind } from '../tools/tool.ts';
import type { ExhaustedBudget, Pause } from './pause.ts';

export interface Session {
  id: string;
  agent: string;
  /** The revision it began with and stays on: `support@1a2b3c4d5e6f`. */
  revision: string;
  user: string | null;
  /** Whose it is: no other project sees it. Absent: the default one. */
  project?: string | undefined;
  /** The call of another agent that this session answers. */
  parent: { sessionId: string; turnId: string; callId: string; conversationId: string } | null;
  /** What the client brought along when it began: messages that no turn of ours produced. */
  imported: readonly Message[];
  createdMs: number;
  /** Kept until then; every turn moves it on. */
  expiresMs: number;
  /** Absent: it is not paused. Its open turns wait until it goes on. */
  paused?: Pause | undefined;
}

/** What a turn was asked; written before any model is called. */
export interface TurnInput {
  /** The user's new messages, one or more. */
  messages: readonly { content: readonly UserPart[] }[];
  /** System messages of the caller: added to the agent's instructions for this turn. */
  system: readonly string[];
  variables: Readonly<Record<string, string | number | boolean>>;
  labels: Readonly<Record<string, string>>;
  user: string | null;
  /** W3C context of the caller, if it sent one. */
  traceparent: string | null;
}

/** How a turn may end. */
export const turnStates = ['waiting', 'running', 'completed', 'failed', 'interrupted', 'cancelled', 'limited'] as const;
/**
 * `completed`: answered. `failed`: no answer. `interrupted`: its answer broke off or a newer message ended it. `limited`: a limit
 * ended it. `cancelled`: someone asked for it.
 */
export type TurnState = (typeof turnStates)[number];
export type EndState = Exclude<TurnState, 'waiting' | 'running'>;

/** Why a turn ended otherwise than with an answer. */
export const endReasons = [
  'max_steps',
  'max_tool_calls',
  'turn_timeout',
  'max_cost_per_turn',
  'max_cost_per_session',
  'requests_per_minute',
  'tokens_per_minute',
  'loop_detected',
  'output_invalid',
  'output_length',
  'content_filter',
  'stream_cut',
  'cancelled',
  'superseded',
  'model_failed',
  'context_too_long',
  'budget_exhausted',
  'budget_unavailable',
  'price_unknown',
  'internal_error',
] as const;
export type EndReason = (typeof endReasons)[number];

export interface TurnEnd {
  state: EndState;
  /** Absent where it completed. */
  reason?: EndReason | undefined;
  /** For people: `12 of 12 model calls`. */
  message?: string | undefined;
  /** Of `model_failed`: what the last model failed with. */
  failure?: { kind: ModelFailureKind; status?: number | undefined; retryAfterMs?: number | undefined } | undefined;
  /** Of `requests_per_minute` and `tokens_per_minute`: when the next model call can be made. */
  retryAfterMs?: number | undefined;
  /** Of `budget_exhausted`. */
  budget?: ExhaustedBudget | undefined;
  /** The answer, or as much of it as the user saw. */
  text: string;
  atMs: number;
}

/** One try of one model. */
export interface Attempt {
  provider: string;
  model: string;
  startMs: number;
  /** When the first text, reasoning or tool call came. */
  firstTokenMs?: number | undefined;
  endMs: number;
  failure?: AttemptFailure | undefined;
  /** US dollars, a decimal, that budgets held for it and it may have cost. Absent: none did, or it cost nothing. */
  reservedUsd?: string | undefined;
}

interface AttemptFailure {
  kind: ModelFailureKind;
  message: string;
  status?: number | undefined;
  /** How long the provider wants to be left alone. */
  retryAfterMs?: number | undefined;
}

/** What a model call was and cost, whoever answered in the end. */
export interface ModelCall {
  /** The last one answered, unless the call failed. */
  attempts: readonly Attempt[];
  finishReason?: FinishReason | undefined;
  responseId?: string | undefined;
  responseModel?: string | undefined;
  serviceTier?: string | undefined;
  usage?: Usage | undefined;
  /** US dollars, a decimal; absent = unknown. */
  costUsd?: string | undefined;
  /** `reported`: the provider said so; `priced`: from the price table; `declared`: by the rates of the definition. */
  costSource?: 'reported' | 'priced' | 'declared' | undefined;
}

/** What a turn did, in order; a takeover goes on behind the last entry. */
export type Entry =
  | StepEntry
  /** Written before a tool is called: one without its `tool` entry may have happened. */
  | { type: 'tool_started'; callId: string; step: number; name: string; sideEffect: SideEffect; atMs: number }
  | ToolEntry
  /** A message of the runtime to the model: how its answer has to be repaired. */
  | { type: 'notice'; text: string; atMs: number }
  | CompactedEntry
  /** A budget had too little left for the next model call; what follows came when it had more. */
  | PausedEntry;

/** A model call. Without a finish reason it broke off, and the text is what came until then. */
export interface StepEntry extends ModelCall {
  type: 'step';
  /** From 0. */
  step: number;
  text: string;
  toolCalls: readonly ToolCall[];
  state?: ProviderState | undefined;
  /** Beside the record itself: what the model was given. */
  saw: Saw;
}

export interface ToolEntry {
  type: 'tool';
  callId: string;
  step: number;
  name: string;
  /** `none`: there is no such tool. */
  toolType: 'http' | 'mcp' | 'agent' | 'none';
  arguments: string;
  text: string;
  failure?: ToolFailureKind | undefined;
  attempts: number;
  cutFromBytes?: number | undefined;
  turn?: { sessionId: string; turnId: string } | undefined;
  /** US dollars, a decimal; of sub-agents. */
  costUsd?: string | undefined;
  startMs: number;
  endMs: number;
}

/** Turns before `before` are from now on given to models as `summary`, or not at all. The record itself keeps them. */
export interface CompactedEntry {
  type: 'compacted';
  /** Number of the first turn that stays. */
  before: number;
  summary: string | null;
  atMs: number;
  /** The call that wrote the summary. */
  call?: ModelCall | undefined;
}

export interface PausedEntry {
  type: 'paused';
  budget: ExhaustedBudget;
  atMs: number;
}

/** What went into a model call, so that replay shows what the model really saw. */
export interface Saw {
  /** SHA-256 of the instructions as filled in. */
  system: string;
  /** The oldest turn that was sent along. */
  fromTurn: number;
  /** Tools that were offered. */
  tools: readonly string[];
  /** MCP servers and tools that are declared and could not be reached. */
  missing?: readonly string[] | undefined;
  temperature?: number | undefined;
  maxOutputTokens?: number | undefined;
}

/** A turn as it is stored. */
export interface Turn {
  id: string;
  sessionId: string;
  /** 1, 2, … within its session. */
  number: number;
  state: TurnState;
  acceptedMs: number;
  /** When it was first claimed. */
  startedMs: number | null;
  idempotencyKey: string | null;
  /** SHA-256 of what the request asked: the same key with another content is a mistake. */
  contentHash: string;
  input: TurnInput;
  entries: readonly Entry[];
  end: TurnEnd | null;
  /** How many processes worked on it: more than 1 after a takeover. */
  claims: number;
}

/** A call that passed through as a gateway: kept until its span is exported. */
export interface GatewayCall {
  id: string;
  /** What the caller names its conversation, if it does. */
  conversationId: string | null;
  user: string | null;
  /** Absent: the default one. */
  project?: string | undefined;
  labels: Readonly<Record<string, string>>;
  traceparent: string | null;
  messages: readonly Message[];
  tools: readonly ToolSpec[];
  temperature?: number | undefined;
  maxOutputTokens?: number | undefined;
  attempts: readonly Attempt[];
  /** Absent where every attempt failed; of a cut stream, what came. */
  reply?: ModelReply | undefined;
}
