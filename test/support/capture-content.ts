import { isDeepStrictEqual } from 'node:util';
import type { SpanDetail } from '../../server/contract/spans.ts';
import type { ApiClient } from './api-client.ts';
import type { Capture } from './captures.ts';
import type { SentLog, SentSpan } from './otlp-decode.ts';
import { linesOfMessages, linesOfParts, parseJson, readSentMessages } from './sent-messages.ts';

/**
 * Every message and tool call, once and in order, on the span that it belongs to, and what the
 * model server's own log says was answered. Answers what differs.
 */
export async function compareContent(
  capture: Capture,
  sent: { spans: SentSpan[]; logs: SentLog[] },
  api: ApiClient,
): Promise<string[]> {
  const details = await Promise.all(sent.spans.map((span) => api.getSpan(span.traceId, span.spanId)));
  const failures = sent.spans.flatMap((span, at) => {
    const detail = details[at];
    if (detail === undefined) return [];
    return [...compareMessages(span, detail, sent.logs), ...compareToolCall(span, detail)];
  });
  return [...failures, ...compareTruth(capture, details)];
}

function compareMessages(sent: SentSpan, got: SpanDetail, logs: SentLog[]): string[] {
  const want = readSentMessages(sent, logs);
  if (want === undefined) return [];
  const all = [...linesOfParts('system', got.systemInstructions), ...linesOfMessages(got.inputMessages)];
  const input = want.saysInput ? all : all.slice(0, want.input.length);
  const output = want.saysOutput ? linesOfMessages(got.outputMessages) : [];
  return [
    ...compareLines(`${sent.name} (${sent.spanId}) input`, input, want.input),
    ...compareLines(`${sent.name} (${sent.spanId}) output`, output, want.output),
  ];
}

function compareLines(what: string, got: string[], want: string[]): string[] {
  if (isDeepStrictEqual(got, want)) return [];
  return [`${what}: ${got.join(' | ') || 'nothing'}; sent ${want.join(' | ') || 'nothing'}`];
}

/** Arguments and results are JSON where they can be. */
function compareToolCall(sent: SentSpan, got: SpanDetail): string[] {
  const pairs = [
    ['gen_ai.tool.name', got.toolName],
    ['gen_ai.tool.call.id', got.toolCallId],
    ['gen_ai.tool.call.arguments', got.toolArguments],
    ['gen_ai.tool.call.result', got.toolResult],
  ] as const;
  return pairs.flatMap(([key, value]) => {
    const want = sent.attributes[key];
    if (want === undefined || isDeepStrictEqual(parseJson(value), parseJson(want))) return [];
    return [`${sent.name} (${sent.spanId}): ${key} ${JSON.stringify(value)}, sent ${JSON.stringify(want)}`];
  });
}

/** The other witness: what the model server answered, whoever reported it. */
function compareTruth({ truth, derivable }: Capture, details: SpanDetail[]): string[] {
  const failures: string[] = [];
  const tools = details.filter((span) => span.kind === 'tool' && span.operation !== 'handoff');
  if (tools.length !== derivable.tool_spans) {
    failures.push(`tool executions: ${tools.length}, truth ${derivable.tool_spans}`);
  }
  if (derivable.tool_spans > 0) {
    for (const { name } of truth.tool_executions) {
      if (!tools.some((span) => span.toolName === name)) failures.push(`no tool span named ${name}`);
    }
  }
  const models = details.filter((span) => span.kind === 'llm' || span.kind === 'embedding');
  const outputs = JSON.stringify(models.map((span) => span.outputMessages));
  for (const call of truth.llm_calls) {
    const emitted = call.emitted_in_payload;
    if (call.output_text && emitted?.output_text && !outputs.includes(inJson(call.output_text))) {
      failures.push(`output text missing: ${call.output_text.slice(0, 60)}`);
    }
    if (
      emitted?.usage &&
      emitted.response_model === 'span' &&
      !models.some((span) => span.responseModel === call.response_model)
    ) {
      failures.push(`no model call has response model ${call.response_model}`);
    }
  }
  return failures;
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
