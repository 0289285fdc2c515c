/** What every provider is asked and answers, in no provider's own form. */

/** What was said so far, oldest first. */
export type Message =
  | { role: 'system'; text: string }
  | {
      role: 'user';
      content: readonly UserPart[];
      /** Of the runtime itself, which models take for the user's: how an answer has to be repaired. */
      isNotice?: true | undefined;
    }
  | {
      role: 'assistant';
      text: string;
      toolCalls: readonly ToolCall[];
      /** Handed back to the provider that gave it, and to no other. */
      state?: ProviderState | undefined;
    }
  | { role: 'tool'; callId: string; name: string; text: string; isError: boolean };

export type UserPart = { type: 'text'; text: string } | { type: 'image'; /** https: or data: */ url: string };

export interface ToolCall {
  /** As the model gave it; unique within its reply. */
  id: string;
  name: string;
  /** JSON as the model wrote it: perhaps not JSON at all. */
  arguments: string;
}

/** What a provider must get back unchanged with the next request, such as signed thinking blocks. */
export interface ProviderState {
  /** `anthropic` */
  provider: string;
  blocks: readonly unknown[];
}

export interface ToolSpec {
  name: string;
  description?: string | undefined;
  /** JSON Schema of an object. */
  input: Readonly<Record<string, unknown>>;
}

export interface ModelRequest {
  /** Without the provider: `gpt-5-mini`. */
  model: string;
  messages: readonly Message[];
  tools: readonly ToolSpec[];
  toolChoice?: 'auto' | 'none' | 'required' | { name: string } | undefined;
  parallelToolCalls?: boolean | undefined;
  temperature?: number | undefined;
  topP?: number | undefined;
  maxOutputTokens?: number | undefined;
  reasoningEffort?: 'minimal' | 'low' | 'medium' | 'high' | undefined;
  stop?: readonly string[] | undefined;
  seed?: number | undefined;
  /** The answer is JSON of this schema. */
  output?: { name: string; schema: Readonly<Record<string, unknown>> } | undefined;
  user?: string | undefined;
  /** The next call will begin with the same words: worth a cache that has to be asked for. */
  isContinued?: boolean | undefined;
  /** Further fields of a caller's Chat Completions body; other protocols leave them out. */
  passthrough?: Readonly<Record<string, unknown>> | undefined;
}

/** Tokens as the provider counted them; totals include their parts. A part that was not reported is absent, never 0. */
export interface Usage {
  /** Cached tokens included. */
  inputTokens: number;
  cacheReadTokens?: number | undefined;
  /** All of it where the provider does not tell five minutes from one hour. */
  cacheWrite5mTokens?: number | undefined;
  cacheWrite1hTokens?: number | undefined;
  /** Reasoning included. */
  outputTokens: number;
  reasoningTokens?: number | undefined;
  inputAudioTokens?: number | undefined;
  outputAudioTokens?: number | undefined;
  webSearches?: number | undefined;
  /** What the provider sent. */
  raw: unknown;
}

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter';

export interface ModelReply {
  text: string;
  toolCalls: readonly ToolCall[];
  state?: ProviderState | undefined;
  finishReason: FinishReason;
  responseId?: string | undefined;
  /** The model that answered, as it names itself. */
  responseModel?: string | undefined;
  serviceTier?: string | undefined;
  /** Absent where the provider reported none. */
  usage?: Usage | undefined;
  /** US dollars, a decimal; only where the provider itself says what it cost (`simulated` does). */
  costUsd?: string | undefined;
}

/** What arrives while a model answers; the last event is `end`. */
export type ModelEvent =
  | { type: 'text'; text: string }
  | { type: 'reasoning'; text: string }
  /** A piece of a tool call: the first of an index has id and name. */
  | { type: 'tool_call'; index: number; id?: string; name?: string; arguments: string }
  | { type: 'end'; reply: ModelReply };

/** One way to speak with models. */
export interface ModelAdapter {
  /**
   * Asks a model once; never retries. Throws a ModelFailure, also when the stream ends without its end. Aborting the signal
   * closes the connection and throws a ModelFailure `aborted`.
   */
  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent>;
  /** Output tokens that the provider may bill for a request with `maxOutputTokens`; absent: as many as that. */
  boundOutputTokens?: ((request: ModelRequest & { maxOutputTokens: number }) => number) | undefined;
}
