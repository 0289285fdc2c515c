import { randomBytes } from 'node:crypto';
import type { CostsReply } from '../../server/contract/costs.ts';

/** One model call of an agent, in a trace of its own. What is left out is not sent. */
export interface CostCall {
  agent?: string;
  model: string;
  provider?: string;
  user?: string;
  session?: string;
  environment?: string;
  service?: string;
  serviceTier?: string;
  /** Null: the call reports no tokens. */
  tokens: { input: number; output: number; cached?: number } | null;
  reportedCostUsd?: number;
  failed?: boolean;
  /** The agent above the call failed, and so its trace. */
  traceFailed?: boolean;
  /** How long before now it began. */
  agoMs?: number;
}

const batchCalls = 500;

/** Sends calls as OTLP/JSON: an agent span with the call below it; answers the ids of the calls, in order. */
export async function sendCostCalls(
  otlp: string,
  calls: readonly CostCall[],
  project = 'default',
): Promise<{ traceId: string; spanId: string }[]> {
  const nowMs = Date.now();
  const ids: { traceId: string; spanId: string }[] = [];
  for (let from = 0; from < calls.length; from += batchCalls) {
    const sent = calls.slice(from, from + batchCalls).map((call) => writeCall(call, nowMs));
    ids.push(...sent.map(({ traceId, spanId }) => ({ traceId, spanId })));
    const reply = await fetch(`${otlp}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-sightglass-project': project },
      body: JSON.stringify({ resourceSpans: sent.map(({ resourceSpans }) => resourceSpans) }),
    });
    const answer = await reply.text();
    if (reply.status !== 200 || answer !== '{}') throw new Error(`OTLP: HTTP ${reply.status} ${answer}`);
  }
  return ids;
}

function writeCall(call: CostCall, nowMs: number) {
  const { tokens } = call;
  const startMs = Math.round(nowMs - (call.agoMs ?? 60_000));
  const [traceId, rootId, spanId] = [16, 8, 8].map((bytes) => randomBytes(bytes).toString('hex'));
  const times = {
    startTimeUnixNano: `${startMs}000000`,
    endTimeUnixNano: `${startMs + 900}000000`,
  };
  const identity = { 'gen_ai.agent.name': call.agent, 'session.id': call.session, 'user.id': call.user };
  const root = {
    ...{ traceId, spanId: rootId, name: `invoke_agent ${call.agent ?? ''}`.trim(), kind: 1, ...times },
    status: call.traceFailed === true ? { code: 2 } : {},
    attributes: writeAttributes({ 'gen_ai.operation.name': 'invoke_agent', ...identity }),
  };
  const model = {
    ...{ traceId, spanId, parentSpanId: rootId, name: `chat ${call.model}`, kind: 3, ...times },
    status: call.failed === true ? { code: 2 } : {},
    attributes: writeAttributes({
      ...identity,
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': call.provider,
      'gen_ai.request.model': call.model,
      'gen_ai.response.model': call.model,
      'gen_ai.usage.input_tokens': tokens?.input,
      'gen_ai.usage.output_tokens': tokens?.output,
      'gen_ai.usage.cache_read.input_tokens': tokens?.cached,
      'gen_ai.usage.cost': call.reportedCostUsd,
      'openai.response.service_tier': call.serviceTier,
    }),
  };
  const resource = {
    attributes: writeAttributes({
      'service.name': call.service,
      'deployment.environment.name': call.environment,
    }),
  };
  const resourceSpans = { resource, scopeSpans: [{ spans: [root, model] }] };
  return { traceId: traceId ?? '', spanId: spanId ?? '', resourceSpans };
}

function writeAttributes(values: Record<string, string | number | undefined>) {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ({ key, value: writeValue(value) }));
}

function writeValue(value: string | number | undefined): Record<string, string | number> {
  if (typeof value !== 'number') return { stringValue: value ?? '' };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

/** What a slow machine makes the first look miss is booked by the second one, half a minute later. */
const settleLimitMs = 60_000;

/** Waits until settlement has booked so many calls of a project. */
export async function waitForBooked(url: string, calls: number, project = 'default'): Promise<void> {
  const deadline = Date.now() + settleLimitMs;
  let found = -1;
  while (found < calls) {
    if (Date.now() > deadline) throw new Error(`${found} of ${calls} calls are booked`);
    await new Promise((wake) => setTimeout(wake, 200));
    const reply = await fetch(`${url}/api/costs?project=${encodeURIComponent(project)}`);
    if (!reply.ok) throw new Error(`GET /api/costs: HTTP ${reply.status} ${await reply.text()}`);
    const { totals } = (await reply.json()) as CostsReply;
    found = totals.usage.modelCalls;
  }
}
