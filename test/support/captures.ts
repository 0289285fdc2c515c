import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { decodeLogs, decodeSpans, type SentLog, type SentSpan } from './otlp-decode.ts';

/** Real request bodies of agent SDKs, and what each of them really did. */
export const capturesDir = join(import.meta.dirname, '..', 'captures');

const count = z.number().int();
const where = z.union([z.boolean(), z.enum(['span', 'log'])]).nullable();

const captureRequest = z.object({
  file: z.string(),
  signal: z.enum(['traces', 'logs']),
  path: z.string().startsWith('/'),
  content_type: z.string(),
  content_encoding: z.string().nullable(),
});
export type CaptureRequest = z.infer<typeof captureRequest>;

const llmCall = z.object({
  response_model: z.string().nullable(),
  response_id: z.string().nullable(),
  output_text: z.string().nullable(),
  tool_calls: z.array(z.object({ id: z.string(), name: z.string(), arguments: z.unknown() })),
  emitted_in_payload: z
    .object({ usage: z.boolean(), response_model: where, response_id: where, output_text: where })
    .nullish(),
});

const capture = z.object({
  id: z.string(),
  description: z.string(),
  requests: z.array(captureRequest),
  spans: count,
  log_records: count,
  trace_ids: count,
  truth: z.object({
    llm_calls: z.array(llmCall),
    tool_executions: z.array(
      z.object({ name: z.string(), arguments: z.unknown(), result: z.unknown(), call_id: z.string().optional() }),
    ),
    user_id: z.string().nullish(),
  }),
  derivable: z.object({
    input_total: count,
    output_total: count,
    cache_read: count,
    cache_write: count,
    reasoning: count,
    llm_calls_with_usage: count,
    llm_calls_visible: count,
    tool_spans: count,
    session_id_found_in: z.record(z.string(), z.record(z.string(), count)).nullish(),
    user_id_found_in: z.record(z.string(), z.unknown()).nullish(),
  }),
  naive_sum_over_all_spans: z.object({ input: count, output: count }),
  /** Some calls are reported by two spans. */
  double_count_trap: z.boolean(),
});
export type Capture = z.infer<typeof capture>;

/** The captures whose id starts with one of the prefixes; all without one. Throws when none does. */
export function loadCaptures(...prefixes: string[]): Capture[] {
  const text = readFileSync(join(capturesDir, 'index.json'), 'utf8');
  const { captures } = z.object({ captures: z.array(capture) }).parse(JSON.parse(text));
  const chosen = captures.filter(({ id }) => prefixes.length === 0 || prefixes.some((prefix) => id.startsWith(prefix)));
  if (chosen.length === 0) throw new Error(`no capture starts with ${prefixes.join(' or ')}`);
  return chosen;
}

/** The body of one request, compressed if the SDK compressed it. */
export function readCaptureBody({ file }: CaptureRequest): Buffer {
  return readFileSync(join(capturesDir, file));
}

/** What a capture says when its bodies are read by the specification alone. */
export function decodeCapture({ requests }: Capture): { spans: SentSpan[]; logs: SentLog[] } {
  const spans: SentSpan[] = [];
  const logs: SentLog[] = [];
  for (const request of requests) {
    const body = {
      body: readCaptureBody(request),
      contentType: request.content_type,
      contentEncoding: request.content_encoding,
    };
    if (request.signal === 'traces') spans.push(...decodeSpans(body));
    else logs.push(...decodeLogs(body));
  }
  return { spans, logs };
}
