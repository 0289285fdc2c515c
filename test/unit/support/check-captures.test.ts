import { describe, expect, it } from 'vitest';
import type { SpanDetail } from '../../../server/contract/spans.ts';
import type { ApiClient } from '../../support/api-client.ts';
import { compareContent } from '../../support/capture-content.ts';
import { compareSpans } from '../../support/capture-spans.ts';
import { decodeCapture, loadCaptures } from '../../support/captures.ts';
import type { SentSpan } from '../../support/otlp-decode.ts';

// A check that cannot fail is worth nothing: each of these answers is wrong in one place.

const capture = first(loadCaptures('otel-openai-agent-tools'));
const sent = decodeCapture(capture);

describe('compareSpans', () => {
  it('accepts what was sent', async () => {
    expect(await compareSpans(sent.spans, answer(details()))).toEqual([]);
  });

  it.each<[string, (span: SpanDetail, all: SpanDetail[]) => void]>([
    ['a lost span', (_span, all) => void all.pop()],
    ['a doubled span', (span, all) => void all.push(span)],
    ['a shifted nanosecond', (span) => (span.endTimeUnixNano = `${BigInt(span.endTimeUnixNano) + 1n}`)],
    ['a lost parent', (span) => (span.parentSpanId = null)],
    ['another name', (span) => (span.name += ' ')],
    ['another status', (span) => (span.status = 'error')],
    ['a lost attribute', (span) => delete span.attributes['gen_ai.response.id']],
    ['an invented attribute', (span) => (span.attributes['x'] = 1)],
    ['a number that became text', (span) => (span.attributes['server.port'] = '4321')],
    ['a lost resource attribute', (span) => (span.resource = {})],
    ['an invented event', (span) => span.events.push({ timeUnixNano: '1', name: 'e', attributes: {} })],
  ])('finds %s', async (_what, damage) => {
    const spans = details();
    damage(first(spans), spans);
    expect(await compareSpans(sent.spans, answer(spans))).not.toEqual([]);
  });

  it('accepts an attribute that became a message, and finds one that only seems to', async () => {
    const messages = JSON.stringify([{ role: 'user', parts: [{ type: 'text', content: 'hello' }] }]);
    const span: SentSpan = {
      ...first(sent.spans),
      attributes: { 'gen_ai.input.messages': messages },
    };
    const detail = { ...toDetail(span), attributes: {} };
    const read = { ...detail, inputMessages: [text('user', 'hello')] };
    const misread = { ...detail, inputMessages: [text('user', 'hell')] };
    expect(await compareSpans([span], answer([read]))).toEqual([]);
    expect(await compareSpans([span], answer([misread]))).not.toEqual([]);
  });
});

describe('compareContent', () => {
  const turn = first(loadCaptures('otel-openai-chat-stream'));
  const turnSent = decodeCapture(turn);

  it('accepts every message once and in order', async () => {
    expect(await compareContent(turn, turnSent, answer(conversation()))).toEqual([]);
  });

  it.each<[string, (call: SpanDetail) => void]>([
    ['a lost prompt', (call) => (call.inputMessages = [])],
    ['a doubled prompt', (call) => call.inputMessages.push(...call.inputMessages)],
    ['a lost answer', (call) => (call.outputMessages = [])],
    ['another role', (call) => (call.inputMessages = call.inputMessages.map((m) => ({ ...m, role: 'tool' })))],
  ])('finds %s', async (_what, damage) => {
    const spans = conversation();
    damage(first(spans.filter(({ inputMessages }) => inputMessages.length > 0)));
    expect(await compareContent(turn, turnSent, answer(spans))).not.toEqual([]);
  });

  it('finds tool executions that are missing or misread', async () => {
    const spans = details();
    expect(await compareContent(capture, sent, answer(spans))).toEqual(
      expect.arrayContaining([
        'tool executions: 0, truth 2',
        expect.stringContaining('gen_ai.tool.call.arguments'),
        expect.stringContaining('assistant tool_call call_otelopenaiag_0_0 get_weather {"city":"Paris"}'),
      ]),
    );
  });

  function conversation(): SpanDetail[] {
    return turnSent.spans.map((span) =>
      turnSent.logs.some((log) => log.spanId === span.spanId)
        ? {
            ...toDetail(span),
            kind: 'llm',
            responseModel: first(turn.truth.llm_calls).response_model,
            inputMessages: [text('user', 'Write a haiku about servers')],
            outputMessages: [text('assistant', first(turn.truth.llm_calls).output_text ?? '')],
          }
        : toDetail(span),
    );
  }
});

function text(role: string, content: string): SpanDetail['inputMessages'][number] {
  return { role, parts: [{ type: 'text', content }] };
}

function details(): SpanDetail[] {
  return sent.spans.map((span) => toDetail(structuredClone(span)));
}

function toDetail(span: SentSpan): SpanDetail {
  return {
    ...span,
    kind: 'other',
    operation: null,
    errorType: null,
    agentName: null,
    sessionId: null,
    userId: null,
    provider: null,
    requestModel: null,
    responseModel: null,
    toolName: null,
    serviceName: null,
    usage: null,
    settled: true,
    usageScope: null,
    counted: false,
    notCountedBecause: null,
    cost: { usd: null, pricedCalls: 0, unpricedCalls: 0 },
    mapping: { convention: null, fields: [] },
    labels: {},
    serviceTier: null,
    isBatch: false,
    environment: null,
    scope: { name: span.scopeName, version: null },
    convention: null,
    toolCallId: null,
    responseId: null,
    finishReasons: [],
    stream: false,
    timeToFirstTokenNs: null,
    systemInstructions: [],
    toolDefinitions: [],
    inputMessages: [],
    outputMessages: [],
    missingMessages: 0,
    toolArguments: null,
    toolResult: null,
    scores: [],
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** An API that answers these spans. */
function answer(spans: SpanDetail[]): ApiClient {
  const summary = (traceId: string) => ({
    traceId,
    name: '',
    startTimeUnixNano: '0',
    endTimeUnixNano: '0',
    durationNs: '0',
    status: 'ok' as const,
    spanCount: spans.filter((span) => span.traceId === traceId).length,
    errorCount: 0,
    agents: [],
    models: [],
    inputPreview: null,
    outputPreview: null,
    sessionId: null,
    userId: null,
    usage: {
      modelCalls: 0,
      inputTokens: 0,
      outputTokens: 0,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      reasoningTokens: 0,
    },
    cost: { usd: null, pricedCalls: 0, unpricedCalls: 0 },
  });
  return {
    listTraces: () => Promise.resolve([...new Set(spans.map((span) => span.traceId))].map(summary)),
    getTrace: (traceId) =>
      Promise.resolve({
        trace: summary(traceId),
        spans: spans
          .filter((span) => span.traceId === traceId)
          .toSorted((a, b) => Number(BigInt(a.startTimeUnixNano) - BigInt(b.startTimeUnixNano))),
      }),
    getSpan: (_traceId, spanId) => {
      const span = spans.find((candidate) => candidate.spanId === spanId);
      return span === undefined ? Promise.reject(new Error('no such span')) : Promise.resolve(span);
    },
    listSpans: () => Promise.resolve(spans),
    getCosts: notAsked,
    listSessions: notAsked,
    listTurns: notAsked,
  };
}

function notAsked(): Promise<never> {
  return Promise.reject(new Error('this comparison does not ask for it'));
}

function first<T>(list: T[]): T {
  const [item] = list;
  if (item === undefined) throw new Error('the list is empty');
  return item;
}
