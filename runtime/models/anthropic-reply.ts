import type { PlaceBlock } from './anthropic-messages.ts';
import { readAnthropicUsage } from './anthropic-usage.ts';
import { toModelFailure } from './failure-kinds.ts';
import type { FinishReason, ModelReply, ToolCall } from './model.ts';
import { ModelFailure } from './model-failure.ts';
import { parseJson, type ReplyReader } from './read-reply.ts';
import { ReplyEvents } from './reply-events.ts';
import { readErrorObject } from './sdk-failure.ts';

/** An event of a stream as far as it is read; every field may be absent or of another type. */
interface StreamEvent {
  type?: unknown;
  index?: number;
  message?: { id?: unknown; model?: unknown; usage?: unknown };
  content_block?: Block;
  delta?: {
    type?: unknown;
    text?: string;
    thinking?: string;
    signature?: string;
    partial_json?: string;
    stop_reason?: unknown;
  };
  usage?: unknown;
}

interface Block {
  type?: unknown;
  text?: string;
  thinking?: string;
  signature?: string;
  id?: string;
  name?: string;
  input?: unknown;
}

const finishReasons: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
};

/** Understands one Messages reply, event by event. */
export class AnthropicReplyReader implements ReplyReader {
  readonly events = new ReplyEvents();
  readonly #provider: string;
  #text = '';
  #calls: ToolCall[] = [];
  /** In the reply's order; thinking with its signature, the others as their places. */
  #blocks: (Block | PlaceBlock)[] = [];
  /** The call that is being written. */
  #openCall: number | undefined;
  #hasThought = false;
  #finish: FinishReason | undefined;
  #isDone = false;
  #start: { id?: unknown; model?: unknown; usage?: unknown } = {};
  #endUsage: unknown;

  constructor(provider: string) {
    this.#provider = provider;
  }

  takeEvent(data: string, event: string): void {
    if (event === 'ping') return;
    const parsed = parseJson(data);
    if (typeof parsed !== 'object' || parsed === null) {
      throw new ModelFailure('malformed_reply', 'an event of the stream is JSON, but no object');
    }
    this.#take(parsed);
  }

  /** A whole message has the content of a stream's events. */
  takeWhole(body: unknown): void {
    const message = body as { type?: unknown; content?: unknown; stop_reason?: unknown; usage?: unknown } | null;
    if (message?.type === 'error') this.#take(message);
    if (!Array.isArray(message?.content)) {
      throw new ModelFailure('malformed_reply', 'the reply is JSON, but no message');
    }
    this.#take({ type: 'message_start', message });
    for (const block of message.content as Block[]) this.#takeWholeBlock(block);
    this.#take({ type: 'message_delta', delta: { stop_reason: message.stop_reason } });
    this.#isDone = true;
  }

  isDone(): boolean {
    return this.#isDone;
  }

  finish(): ModelReply | undefined {
    if (this.#finish === undefined) return undefined;
    const { id, model, usage } = this.#start;
    const counted = readAnthropicUsage(usage, this.#endUsage);
    const tier = (counted?.raw as { service_tier?: unknown } | undefined)?.service_tier;
    return {
      text: this.#text,
      toolCalls: this.#calls.map((call) => (call.arguments === '' ? { ...call, arguments: '{}' } : call)),
      // Without thinking there is nothing that a message does not hold itself.
      ...(this.#hasThought && { state: { provider: this.#provider, blocks: this.#blocks } }),
      finishReason: this.#finish,
      responseId: typeof id === 'string' ? id : undefined,
      responseModel: typeof model === 'string' ? model : undefined,
      serviceTier: typeof tier === 'string' ? tier : undefined,
      usage: counted,
    };
  }

  #take(event: StreamEvent): void {
    switch (event.type) {
      case 'message_start':
        this.#start = event.message ?? {};
        break;
      case 'content_block_start':
        this.#startBlock(event.content_block ?? {});
        break;
      case 'content_block_delta':
        this.#takeDelta(event.delta ?? {});
        break;
      case 'message_delta': {
        const reason = event.delta?.stop_reason;
        if (typeof reason === 'string') this.#finish = finishReasons[reason] ?? 'stop';
        this.#endUsage = event.usage ?? this.#endUsage;
        break;
      }
      case 'message_stop':
        this.#isDone = true;
        break;
      case 'error':
        throw toModelFailure(readErrorObject(event));
      default:
      // `ping`, `content_block_stop` and what later versions add.
    }
  }

  #startBlock(block: Block): void {
    this.#openCall = undefined;
    switch (block.type) {
      case 'text':
        this.#blocks.push({ type: 'text', chars: 0 });
        if (typeof block.text === 'string') this.#takeText(block.text);
        break;
      case 'tool_use': {
        const { id = '', name = '' } = block;
        const index = this.#calls.length;
        this.#openCall = index;
        this.#blocks.push({ type: 'tool_use', id });
        this.#calls.push({ id, name, arguments: '' });
        this.events.add({ type: 'tool_call', index, id, name, arguments: '' });
        break;
      }
      case 'thinking':
      case 'redacted_thinking':
        this.#hasThought = true;
        this.#blocks.push({ ...block });
        break;
      default:
        this.#blocks.push({ ...block });
    }
  }

  #takeDelta(delta: NonNullable<StreamEvent['delta']>): void {
    const block = this.#blocks.at(-1) as Block | undefined;
    if (delta.type === 'text_delta' && typeof delta.text === 'string') this.#takeText(delta.text);
    else if (delta.type === 'thinking_delta' && typeof delta.thinking === 'string') {
      if (block !== undefined) block.thinking = (block.thinking ?? '') + delta.thinking;
      if (delta.thinking !== '') this.events.add({ type: 'reasoning', text: delta.thinking });
    } else if (delta.type === 'signature_delta' && block !== undefined && typeof delta.signature === 'string') {
      block.signature = (block.signature ?? '') + delta.signature;
    } else if (delta.type === 'input_json_delta' && typeof delta.partial_json === 'string') {
      this.#takeArguments(delta.partial_json);
    }
  }

  #takeText(text: string): void {
    if (text === '') return;
    const block = this.#blocks.at(-1);
    if (block?.type === 'text' && 'chars' in block) block.chars += text.length;
    this.#text += text;
    this.events.add({ type: 'text', text });
  }

  #takeArguments(text: string): void {
    const index = this.#openCall;
    const call = index === undefined ? undefined : this.#calls[index];
    if (index === undefined || call === undefined || text === '') return;
    call.arguments += text;
    this.events.add({ type: 'tool_call', index, arguments: text });
  }

  #takeWholeBlock(block: Block): void {
    this.#startBlock(block);
    if (block.type === 'tool_use') this.#takeArguments(JSON.stringify(block.input ?? {}));
    if (block.type === 'thinking' && typeof block.thinking === 'string' && block.thinking !== '') {
      this.events.add({ type: 'reasoning', text: block.thinking });
    }
  }
}
