import type { AnyValue } from '../../receive/otlp.ts';
import { finishReasons, millisecondsAsNs, secondsAsNs } from '../readers.ts';
import type { Source } from '../source.ts';
import { count, texts } from '../value.ts';

// What emitters of OpenTelemetry's names mean by them, where it is not what the conventions say.

/** Emitters that use the names of the conventions, but give the input count without cached tokens. */
const exclusiveScopes: ReadonlySet<string> = new Set([
  '@traceloop/instrumentation-anthropic',
  '@traceloop/instrumentation-bedrock',
  'opentelemetry.instrumentation.bedrock',
]);

/** Emitters that give Gemini's answer without its thoughts, which only the total has in it. */
const thoughtlessScopes: ReadonlySet<string> = new Set([
  ...['opentelemetry.instrumentation.vertexai', '@traceloop/instrumentation-vertexai'],
  ...['opentelemetry.instrumentation.google_generativeai', '@traceloop/instrumentation-google-generativeai'],
]);
/** Where these have it. */
export const totals = ['gen_ai.usage.total_tokens', 'llm.usage.total_tokens'] as const;
const outputs = ['gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens'] as const;
const inputs = ['gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens'] as const;

/** True where the input count leaves cached tokens out. */
export function leavesCachedOut({ span }: Source): boolean {
  return exclusiveScopes.has(span.scope.name);
}

/** The output by the total, of an emitter that leaves thoughts out of its own count. */
export function readWithThoughts(value: AnyValue, { span, attributes }: Source): bigint | undefined {
  if (!thoughtlessScopes.has(span.scope.name)) return undefined;
  const first = (names: readonly string[]) =>
    names.map((given) => count(attributes.get(given))).find((given) => given !== undefined);
  const [total = 0n, input, output] = [count(value), first(inputs), first(outputs)];
  return input !== undefined && output !== undefined && total > input + output ? total - input : undefined;
}

/** Seconds, as the metric of this name has them; Strands gives whole milliseconds. */
export function readServerTime(value: AnyValue): bigint | undefined {
  return typeof value === 'bigint' ? millisecondsAsNs(value) : secondsAsNs(value);
}

/** Semantic Kernel's, of several choices, with commas between them. */
export function readListed(value: AnyValue): string[] {
  return texts(value).flatMap((listed) => finishReasons(listed.split(',')));
}
