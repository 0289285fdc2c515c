import { setTimeout as sleep } from 'node:timers/promises';
import type { Tool as DeclaredTool } from '../definition/tool-schema.ts';
import { bindTexts } from './bind-secrets.ts';
import { describeAbort, describeNoAnswer } from './describe-failure.ts';
import { addQuery, fillUrl, readUrlTemplate, type UrlTemplate } from './fill-url.ts';
import { HttpClient, type HttpRequest } from './http-client.ts';
import { type HttpOutcome, tryRequest } from './http-outcome.ts';
import { retryDelay } from './retry-delay.ts';
import type { Tool, ToolCallContext, ToolResult } from './tool.ts';

export type DeclaredHttpTool = Extract<DeclaredTool, { type: 'http' }>;

/** Time and chance, as tests set them. */
export interface Surroundings {
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  random: () => number;
  /** Finds the addresses of host names. */
  lookup?: ConstructorParameters<typeof HttpClient>[0]['lookup'];
}

/** A tool ready to be called, or why it cannot be. */
export type BoundTool = { tool: Tool; close: () => void } | { fault: string };

/** Headers that the connection itself sets. */
const connectionHeaders = ['content-length', 'transfer-encoding', 'connection'];

export const ofProcess: Surroundings = {
  sleep: async (ms, signal) => {
    await sleep(ms, undefined, { signal });
  },
  random: Math.random,
};

/** Binds a declared HTTP tool to its environment: from here on its secrets are values that no text shows. */
export function bindHttpTool(
  declared: DeclaredHttpTool,
  environment: NodeJS.ProcessEnv,
  surroundings: Surroundings,
): BoundTool {
  const bound = bindTexts(declared.headers ?? {}, environment, [declared.url]);
  if (bound.missing.length > 0)
    return { fault: `needs ${bound.missing.join(', ')} in the environment, which is not set` };
  const template = readUrlTemplate(declared.url, environment);
  if (template === undefined) return { fault: 'its url is no http or https address' };
  const { lookup } = surroundings;
  const client = new HttpClient({
    allowsPrivate: declared.allowPrivateAddress,
    ...(lookup === undefined ? {} : { lookup }),
  });
  const sideEffect = declared.sideEffect ?? (declared.method === 'GET' ? 'read' : 'write');
  const tool: Tool = {
    spec: {
      name: declared.name,
      description: declared.description,
      input: declared.input ?? { type: 'object', properties: {} },
    },
    type: 'http',
    sideEffect,
    timeoutMs: declared.timeout,
    call: async (args, context) => {
      const request = buildRequest({ declared, template, headers: bound.values, sideEffect }, args, context);
      if ('fault' in request) return { text: request.fault, failure: 'invalid_arguments', attempts: 0 };
      const result = await callWithRetries({ declared, client, sideEffect, surroundings }, request, context);
      return { ...result, text: bound.hide(result.text) };
    },
  };
  return { tool, close: () => client.close() };
}

function buildRequest(
  tool: {
    declared: DeclaredHttpTool;
    template: UrlTemplate;
    headers: Readonly<Record<string, string>>;
    sideEffect: Tool['sideEffect'];
  },
  args: Readonly<Record<string, unknown>>,
  context: ToolCallContext,
): Omit<HttpRequest, 'signal'> | { fault: string } {
  const { declared, template, sideEffect } = tool;
  const filled = fillUrl(template, args);
  if ('fault' in filled) return filled;
  const hasBody = declared.method !== 'GET' && declared.method !== 'DELETE';
  const url = hasBody ? filled.url : addQuery(filled.url, filled.rest);
  if (url === undefined) return { fault: 'the input is too long for an address' };
  const takesBody = hasBody && Object.keys(declared.input?.properties ?? {}).some((name) => !template.names.has(name));
  const body = takesBody || (hasBody && Object.keys(filled.rest).length > 0) ? JSON.stringify(filled.rest) : undefined;
  const own = Object.entries(tool.headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const headers = {
    accept: 'application/json, text/*;q=0.9, */*;q=0.5',
    'accept-encoding': 'identity',
    'user-agent': 'sightglass',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(sideEffect === 'read' ? {} : { 'idempotency-key': context.idempotencyKey }),
    ...Object.fromEntries(own.filter(([name]) => !connectionHeaders.includes(name))),
    traceparent: context.traceparent,
  };
  return { method: declared.method, url, headers, body, isRepeatable: sideEffect !== 'write' };
}

/** A write is sent once, whatever comes of it. */
async function callWithRetries(
  tool: { declared: DeclaredHttpTool; client: HttpClient; sideEffect: Tool['sideEffect']; surroundings: Surroundings },
  request: Omit<HttpRequest, 'signal'>,
  context: ToolCallContext,
): Promise<ToolResult> {
  const { declared, client, sideEffect, surroundings } = tool;
  const timeout = AbortSignal.timeout(declared.timeout);
  const signal = AbortSignal.any([context.signal, timeout]);
  const untilMs = performance.now() + declared.timeout;
  const triesMax = sideEffect === 'write' ? 1 : 1 + declared.retries;
  const describe = (outcome: HttpOutcome, attempts: number) => {
    if (!('noAnswer' in outcome)) return { ...outcome.result, attempts };
    const aborted = signal.aborted ? describeAbort(context.signal, declared.timeout) : {};
    return describeNoAnswer({ ...outcome.noAnswer, ...aborted }, { sideEffect, attempts });
  };
  if (context.signal.aborted) {
    return describe({ noAnswer: { what: '', kind: 'cancelled', wasSent: false }, isRetryable: false }, 0);
  }
  for (let attempts = 1; ; attempts += 1) {
    const outcome = await tryRequest(client, { ...request, signal }, declared);
    const result = describe(outcome, attempts);
    if (!outcome.isRetryable || attempts === triesMax || signal.aborted) return result;
    const delayMs = retryDelay({ attempts, retryAfterMs: outcome.retryAfterMs, random: surroundings.random });
    // What came is worth more than a timeout that is certain.
    if (delayMs === undefined || performance.now() + delayMs >= untilMs) return result;
    try {
      await surroundings.sleep(delayMs, signal);
    } catch {
      return describe({ noAnswer: { what: '', kind: 'timeout', wasSent: true }, isRetryable: false }, attempts);
    }
  }
}
