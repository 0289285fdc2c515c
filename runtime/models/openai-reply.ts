import { randomUUID } from 'node:crypto';
import { toModelFailure } from './failure-kinds.ts';
import type { FinishReason, ModelReply, ToolCall, Usage } from './model.ts';
import { ModelFailure } from './model-failure.ts';
import type { CallExtra } from './openai-request.ts';
import { readOpenaiUsage } from './openai-usage.ts';
import { parseJson, type ReplyReader } from './read-reply.ts';
import { ReplyEvents } from './reply-events.ts';
import { readErrorObject } from './sdk-failure.ts';

/** A chunk of a stream as far as it is read; every field may be absent or of another type. */
interface Chunk {
  id?: unknown;
  model?: unknown;
  service_tier?: unknown;
  usage?: unknown;
  error?: unknown;
  choices?: { index?: unknown; delta?: Delta; message?: Delta; finish_reason?: unknown; error?: unknown }[];
}

interface Delta {
  content?: unknown;
  refusal?: unknown;
  reasoning_content?: unknown;
  reasoning?: unknown;
  tool_calls?: CallPiece[];
}

interface CallPiece {
  index?: unknown;
  id?: unknown;
  function?: { name?: unknown; arguments?: unknown };
  extra_content?: unknown;
}

interface OpenCall extends ToolCall {
  extraContent?: unknown;
}

const finishReasons: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  function_call: 'tool_calls',
  content_filter: 'content_filter',
};

/** Understands one Chat Completions reply, chunk by chunk. */
export class OpenaiReplyReader implements ReplyReader {
  readonly events = new ReplyEvents();
  readonly #provider: string;
  #text = '';
  #calls: OpenCall[] = [];
  /** Where the pieces of a call of the stream's index belong. */
  #places = new Map<unknown, number>();
  #finish: FinishReason | undefined;
  #isRefused = false;
  #isDone = false;
  #id: string | undefined;
  #model: string | undefined;
  #serviceTier: string | undefined;
  #usage: Usage | undefined;

  constructor(provider: string) {
    this.#provider = provider;
  }

  takeEvent(data: string, event: string): void {
    if (data === '[DONE]') {
      this.#isDone = true;
      return;
    }
    const chunk = parseJson(data);
    if (event === 'error') throw toModelFailure(readErrorObject(chunk));
    this.#takeChunk(chunk);
  }

  takeWhole(body: unknown): void {
    this.#takeChunk(body);
    this.#isDone = true;
  }

  isDone(): boolean {
    return this.#isDone;
  }

  /** A finish reason says that the answer is whole; some servers send no `[DONE]` behind it. */
  finish(): ModelReply | undefined {
    if (this.#finish === undefined) return undefined;
    const toolCalls = this.#calls.map(({ extraContent: _extra, ...call }) => call);
    const extras = this.#calls.flatMap<CallExtra>(({ id, extraContent }) =>
      extraContent === undefined ? [] : [{ callId: id, extraContent }],
    );
    return {
      text: this.#text,
      toolCalls,
      ...(extras.length > 0 && { state: { provider: this.#provider, blocks: extras } }),
      finishReason: this.#finishReason(this.#finish),
      responseId: this.#id,
      responseModel: this.#model,
      serviceTier: this.#serviceTier,
      usage: this.#usage,
    };
  }

  #takeChunk(value: unknown): void {
    if (typeof value !== 'object' || value === null) {
      throw new ModelFailure('malformed_reply', 'the reply is JSON, but no chat completion');
    }
    const chunk = value as Chunk;
    if (chunk.error !== undefined && chunk.error !== null) throw toModelFailure(readErrorObject(chunk.error));
    if (this.#id === undefined && typeof chunk.id === 'string') this.#id = chunk.id;
    if (typeof chunk.model === 'string' && chunk.model !== '') this.#model = chunk.model;
    if (typeof chunk.service_tier === 'string') this.#serviceTier = chunk.service_tier;
    if (chunk.usage !== undefined && chunk.usage !== null) this.#usage = readOpenaiUsage(chunk.usage) ?? this.#usage;
    const choice = Array.isArray(chunk.choices) ? chunk.choices[0] : undefined;
    if (choice === undefined) return;
    const delta = choice.delta ?? choice.message;
    if (delta !== undefined) this.#takeDelta(delta);
    if (typeof choice.finish_reason === 'string' && choice.finish_reason !== '') {
      // OpenRouter's way to say that the provider behind it failed.
      if (choice.finish_reason === 'error') throw toModelFailure(readErrorObject(choice.error));
      this.#finish = finishReasons[choice.finish_reason] ?? 'stop';
    }
  }

  #takeDelta(delta: Delta): void {
    const reasoning = delta.reasoning_content ?? delta.reasoning;
    if (typeof reasoning === 'string' && reasoning !== '') this.events.add({ type: 'reasoning', text: reasoning });
    if (typeof delta.content === 'string' && delta.content !== '') this.#takeText(delta.content);
    if (typeof delta.refusal === 'string' && delta.refusal !== '') {
      this.#isRefused = true;
      this.#takeText(delta.refusal);
    }
    if (Array.isArray(delta.tool_calls)) for (const piece of delta.tool_calls) this.#takeCallPiece(piece);
  }

  #takeText(text: string): void {
    this.#text += text;
    this.events.add({ type: 'text', text });
  }

  #takeCallPiece(piece: CallPiece): void {
    const name = textOf(piece.function?.name);
    const text = textOf(piece.function?.arguments);
    const id = textOf(piece.id);
    const known = this.#places.get(piece.index);
    const call = known === undefined ? undefined : this.#calls[known];
    // Some servers give every call the index 0, or none: another id is another call.
    const isNew = call === undefined || (id !== '' && id !== call.id && name !== '');
    if (isNew) {
      const place = this.#calls.length;
      const first = { id: id === '' ? `call_${randomUUID().replaceAll('-', '')}` : id, name, arguments: text };
      this.#places.set(piece.index, place);
      this.#calls.push({ ...first, extraContent: piece.extra_content });
      this.events.add({ type: 'tool_call', index: place, ...first });
      return;
    }
    call.name += name === call.name ? '' : name;
    call.arguments += text;
    call.extraContent ??= piece.extra_content;
    if (text !== '') this.events.add({ type: 'tool_call', index: known ?? 0, arguments: text });
  }

  #finishReason(finish: FinishReason): FinishReason {
    if (this.#isRefused) return 'content_filter';
    // Gemini says `stop` beside tool calls; others say `tool_calls` and name none.
    if (finish === 'stop' && this.#calls.length > 0) return 'tool_calls';
    if (finish === 'tool_calls' && this.#calls.length === 0) return 'stop';
    return finish;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
