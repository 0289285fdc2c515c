import { randomBytes } from 'node:crypto';

export interface SimpleTrace {
  agent?: string;
  model?: string;
  /** What the user asked. */
  words?: string;
  /** How long before now it began. */
  agoMs?: number;
  durationMs?: number;
  failed?: boolean;
}

/** Sends traces of an agent span with one model call below it; answers their ids, in order. */
export async function sendTraces(otlp: string, traces: readonly SimpleTrace[], project = 'default'): Promise<string[]> {
  const nowMs = Date.now();
  const sent = traces.map((trace) => writeSpans(trace, nowMs));
  const reply = await fetch(`${otlp}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-sightglass-project': project },
    body: JSON.stringify({
      resourceSpans: [{ scopeSpans: [{ spans: sent.flatMap(({ spans }) => spans) }] }],
    }),
  });
  if (reply.status !== 200) throw new Error(`OTLP: HTTP ${reply.status} ${await reply.text()}`);
  return sent.map(({ traceId }) => traceId);
}

function writeSpans(trace: SimpleTrace, nowMs: number) {
  const { agent = 'support', model = 'gpt-5-mini', words = 'Where is my refund?' } = trace;
  const { agoMs = 60_000, durationMs = 1_240, failed = false } = trace;
  const traceId = randomBytes(16).toString('hex');
  const rootId = randomBytes(8).toString('hex');
  const times = {
    startTimeUnixNano: `${nowMs - agoMs}000000`,
    endTimeUnixNano: `${nowMs - agoMs + durationMs}000000`,
  };
  const status = failed ? { code: 2, message: 'the tool timed out' } : {};
  const root = {
    ...{ traceId, spanId: rootId, name: `invoke_agent ${agent}`, kind: 1, ...times, status },
    attributes: writeAttributes({
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.name': agent,
      'gen_ai.input.messages': JSON.stringify([{ role: 'user', parts: [{ type: 'text', content: words }] }]),
    }),
  };
  const call = {
    ...{
      traceId,
      spanId: randomBytes(8).toString('hex'),
      parentSpanId: rootId,
      name: `chat ${model}`,
      kind: 3,
      ...times,
    },
    attributes: writeAttributes({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.agent.name': agent,
      'gen_ai.request.model': model,
      'gen_ai.usage.input_tokens': 1_100,
      'gen_ai.usage.output_tokens': 84,
    }),
  };
  return { traceId, spans: [root, call] };
}

function writeAttributes(values: Record<string, string | number>) {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
  }));
}
