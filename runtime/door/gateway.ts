import type { Context } from 'hono';
import { randomUUID } from 'node:crypto';
import { BudgetStopped, type CallBudget } from '../budgets/call-budget.ts';
import { ModelAccessFault, UnknownProvider } from '../models/adapters.ts';
import { callModels } from '../models/call-models.ts';
import type { ChatRequest } from '../models/gateway-request.ts';
import type { ModelReply } from '../models/model.ts';
import type { ModelFailure, ModelFailureKind } from '../models/model-failure.ts';
import { AskFailure } from '../run/agent.ts';
import type { Attempt, GatewayCall } from '../sessions/record.ts';
import { callTrace } from '../telemetry/span-ids.ts';
import { toOpenAiUsage } from './completion.ts';
import type { DoorDeps } from './deps.ts';
import { DoorError, type DoorErrorCode, exhaustedError } from './door-error.ts';
import { type EventSink, eventStreamHeaders, openEventStream } from './event-stream.ts';

export interface GatewayAsked {
  chat: ChatRequest;
  /** What the caller names its conversation; nothing is kept of it here. */
  sessionId: string | null;
  /** Undefined: the default one. */
  project?: string | undefined;
  traceparent: string | null;
}

/** A model that says nothing for so long is given up. */
const firstTokenTimeoutMs = 120_000;

/** `PROVIDER/MODEL`: one call of a model, in the OpenAI protocol whatever the provider speaks, and a span of it. */
export async function callGateway(c: Context, deps: DoorDeps, asked: GatewayAsked): Promise<Response> {
  const { chat, sessionId } = asked;
  const id = `chatcmpl_${randomUUID()}`;
  const budget = await deps.budgets?.forGateway(
    { id },
    { project: asked.project ?? 'default', user: chat.user, session: sessionId, labels: chat.metadata },
  );
  const call = new Call(deps, asked, { id, budget });
  // Also before its stream begins, and where a whole answer is awaited.
  c.req.raw.signal.addEventListener('abort', () => call.leave(), { once: true });
  c.header('x-trace-id', call.traceId);
  c.header('x-should-retry', 'false');
  if (sessionId !== null) c.header('x-session-id', sessionId);
  if (!chat.isStream) return c.json(await call.whole());
  // An error before the first event still has its status.
  const rest = await call.begin();
  const body = openEventStream(
    (sink) => void call.stream(rest, sink),
    () => call.leave(),
  );
  return c.body(body, 200, eventStreamHeaders);
}

type Events = ReturnType<typeof callModels>;
type Begun = { first: IteratorResult<unknown>; events: Events };

class Call {
  readonly #deps: DoorDeps;
  readonly #asked: GatewayAsked;
  readonly #id: string;
  readonly #created: number;
  readonly #leaving = new AbortController();
  readonly #events: Events;
  #text = '';

  constructor(deps: DoorDeps, asked: GatewayAsked, { id, budget }: { id: string; budget: CallBudget | undefined }) {
    this.#deps = deps;
    this.#asked = asked;
    this.#id = id;
    this.#created = Math.floor(deps.nowMs() / 1000);
    this.#events = callModels(chainOf(deps, asked.chat.model), asked.chat.request, {
      signal: this.#leaving.signal,
      ...{ firstTokenTimeoutMs, budget },
      // What a client has, it keeps: pieces of two tries would make one wrong answer.
      isAllVisible: asked.chat.isStream,
    });
  }

  get traceId(): string {
    return callTrace({ id: this.#id, traceparent: this.#asked.traceparent }).traceId;
  }

  leave(): void {
    this.#leaving.abort();
  }

  async whole() {
    try {
      for await (const event of this.#events) {
        if (event.type !== 'end') continue;
        await this.#keep(event.attempts, event.reply);
        return this.#completion(event.reply);
      }
    } catch (error) {
      throw await this.#failed(error);
    }
    throw new Error('a model ended without an end');
  }

  async begin(): Promise<Begun> {
    try {
      for (;;) {
        const first = await this.#events.next();
        if (first.done === true || first.value.type !== 'attempt') return { first, events: this.#events };
      }
    } catch (error) {
      throw await this.#failed(error);
    }
  }

  async stream({ first }: Begun, sink: EventSink): Promise<void> {
    try {
      this.#send(sink, { role: 'assistant', content: '' }, null);
      for (
        let next = first as Awaited<ReturnType<Events['next']>>;
        next.done !== true;
        next = await this.#events.next()
      ) {
        const event = next.value;
        if (event.type === 'text') {
          this.#text += event.text;
          this.#send(sink, { content: event.text }, null);
        } else if (event.type === 'reasoning') this.#send(sink, { reasoning_content: event.text }, null);
        else if (event.type === 'tool_call') {
          const { index, id, name, arguments: text } = event;
          const head = id === undefined ? {} : { id, type: 'function' };
          this.#send(sink, { tool_calls: [{ index, ...head, function: { name, arguments: text } }] }, null);
        } else if (event.type === 'end') {
          await this.#keep(event.attempts, event.reply);
          this.#send(sink, {}, event.reply.finishReason);
          if (this.#asked.chat.includesUsage && event.reply.usage !== undefined)
            sink.send(
              JSON.stringify({
                ...this.#head('chat.completion.chunk'),
                choices: [],
                usage: toOpenAiUsage([event.reply.usage]),
              }),
            );
          sink.send('[DONE]');
        }
      }
    } catch (error) {
      const failed = await this.#failed(error);
      sink.send(JSON.stringify({ error: failed }));
    }
    sink.close();
  }

  #completion(reply: ModelReply) {
    const toolCalls = reply.toolCalls.map(({ id, name, arguments: text }) => ({
      id,
      type: 'function',
      function: { name, arguments: text },
    }));
    const message = {
      role: 'assistant',
      content: reply.text === '' && toolCalls.length > 0 ? null : reply.text,
      refusal: null,
      ...(toolCalls.length > 0 ? { tool_calls: toolCalls } : {}),
    };
    return {
      ...this.#head('chat.completion'),
      choices: [{ index: 0, message, logprobs: null, finish_reason: reply.finishReason }],
      ...(reply.usage === undefined ? {} : { usage: toOpenAiUsage([reply.usage]) }),
    };
  }

  #head(object: string) {
    return { id: this.#id, object, created: this.#created, model: this.#asked.chat.model };
  }

  #send(sink: EventSink, delta: object, finish: string | null): void {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }];
    sink.send(JSON.stringify({ ...this.#head('chat.completion.chunk'), choices }));
  }

  /** What the caller is told; the call is kept with what came of it. */
  async #failed(error: unknown): Promise<DoorError> {
    if (error instanceof BudgetStopped) {
      const { refusal, attempts } = error;
      // Tries that failed before are part of what is told of the call.
      if (attempts.length > 0) await this.#keep(attempts, undefined);
      const { reason, message, budget } = refusal;
      return reason === 'budget_exhausted' ? exhaustedError(message, budget) : new DoorError(reason, message);
    }
    if (!(error instanceof AskFailure)) {
      this.#deps.onError(error, 'gateway');
      return new DoorError('internal', 'the call failed for a reason of ours');
    }
    const { partialText, attempts, failure } = error;
    const text = partialText || this.#text;
    await this.#keep(attempts, text === '' ? undefined : { text, toolCalls: [], finishReason: 'length' });
    return toDoorError(failure);
  }

  async #keep(attempts: readonly Attempt[], reply: ModelReply | undefined): Promise<void> {
    const { chat, sessionId, project, traceparent } = this.#asked;
    const { messages, tools, temperature, maxOutputTokens } = chat.request;
    const call: GatewayCall = {
      id: this.#id,
      conversationId: sessionId,
      user: chat.user,
      project,
      labels: chat.metadata,
      ...{ traceparent, messages, tools, temperature, maxOutputTokens, attempts, reply },
    };
    // The answer is the caller's even if its span is lost; that it is, is logged.
    await this.#deps.store
      .keepCall(call)
      .then(this.#deps.onCall, (error: unknown) => this.#deps.onError(error, 'gateway'));
    await this.#deps.budgets?.settleGateway(call);
  }
}

function chainOf({ agents }: DoorDeps, model: string) {
  try {
    return agents.chainOfName(model);
  } catch (error) {
    if (error instanceof UnknownProvider)
      throw new DoorError('model_not_found', `${error.message}, or agent/NAME`, { param: 'model' });
    if (error instanceof ModelAccessFault) throw new DoorError('model_failed', error.message);
    throw error;
  }
}

const codes: Partial<Record<ModelFailureKind, DoorErrorCode>> = {
  rate_limited: 'rate_limited',
  quota: 'quota_exhausted',
  timeout: 'model_timeout',
  context_too_long: 'context_length_exceeded',
  invalid_request: 'invalid_request',
};

function toDoorError({ kind, message, retryAfterMs }: ModelFailure): DoorError {
  return new DoorError(codes[kind] ?? 'model_failed', `${message} (${kind})`, { retryAfterMs });
}
