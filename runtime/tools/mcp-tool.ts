import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { cutText } from './cut-text.ts';
import { describeAbort, describeNoAnswer, type NoAnswer } from './describe-failure.ts';
import { HttpClient } from './http-client.ts';
import { describeContent } from './mcp-content.ts';
import { bindTexts } from './bind-secrets.ts';
import type { Surroundings } from './http-tool.ts';
import type { McpConnection, McpPlace } from './mcp-connection.ts';
import { describeCallError } from './mcp-failure.ts';
import { McpServer, type McpWarning } from './mcp-server.ts';
import type { DeclaredMcpTool, ListedTool } from './mcp-tool-list.ts';
import { readUrlTemplate } from './fill-url.ts';
import { orAborted } from './or-aborted.ts';
import { retryDelay } from './retry-delay.ts';
import type { Tool, ToolCallContext, ToolResult } from './tool.ts';

/** An MCP server ready to be connected, or why it cannot be. */
export type BoundServer =
  | {
      server: McpServer;
      makeTool: (listed: ListedTool) => Tool;
      /** Removes its secrets from a text. */
      hide: (text: string) => string;
      close: () => Promise<void>;
    }
  | { fault: string };

/** Binds a declared MCP server to its environment; nothing is started yet. */
export function bindMcpServer(
  declared: DeclaredMcpTool,
  environment: NodeJS.ProcessEnv,
  { onWarning, surroundings }: { onWarning: McpWarning; surroundings: Surroundings },
): BoundServer {
  const texts = declared.command === undefined ? declared.headers : declared.env;
  const bound = bindTexts(texts ?? {}, environment, declared.url === undefined ? [] : [declared.url]);
  if (bound.missing.length > 0)
    return { fault: `needs ${bound.missing.join(', ')} in the environment, which is not set` };
  const { lookup } = surroundings;
  const client = new HttpClient({
    allowsPrivate: declared.allowPrivateAddress,
    ...(lookup === undefined ? {} : { lookup }),
  });
  const place = readPlace(declared, { values: bound.values, environment, client });
  if (place === undefined) return { fault: 'its url is no http or https address' };
  const server = new McpServer(declared, place, onWarning);
  const makeTool = (listed: ListedTool): Tool => ({
    spec: { name: listed.name, description: listed.description, input: listed.input },
    type: 'mcp',
    sideEffect: declared.sideEffect ?? 'write',
    timeoutMs: declared.timeout,
    call: async (args, context) => {
      const result = await callWithRetries({ declared, server, listed, surroundings }, args, context);
      return { ...result, text: bound.hide(result.text) };
    },
  });
  const close = async () => {
    await server.close();
    client.close();
  };
  return { server, makeTool, hide: bound.hide, close };
}

function readPlace(
  { command, args = [], url = '' }: DeclaredMcpTool,
  bound: { values: Record<string, string>; environment: NodeJS.ProcessEnv; client: HttpClient },
): McpPlace | undefined {
  if (command !== undefined) {
    const path = bound.environment['PATH'];
    const environment = { ...(path === undefined ? {} : { PATH: path }), ...bound.values };
    return { type: 'stdio', command: { command, args, environment } };
  }
  const template = readUrlTemplate(url, bound.environment);
  const text = template?.pieces.map((piece) => ('literal' in piece ? piece.literal : `{${piece.name}}`)).join('');
  if (text === undefined) return undefined;
  return { type: 'http', url: new URL(text), headers: bound.values, client: bound.client };
}

/**
 * A call that certainly was not carried out is made once more over a new session. One that may have been is repeated only if that
 * does no harm.
 */
async function callWithRetries(
  tool: { declared: DeclaredMcpTool; server: McpServer; listed: ListedTool; surroundings: Surroundings },
  args: Readonly<Record<string, unknown>>,
  context: ToolCallContext,
): Promise<ToolResult> {
  const { declared, server, surroundings } = tool;
  const sideEffect = declared.sideEffect ?? 'write';
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(declared.timeout)]);
  const untilMs = performance.now() + declared.timeout;
  const triesMax = 1 + declared.retries;
  let attempts = 0;
  let wasRenewed = false;
  const end = (noAnswer: NoAnswer) => {
    const aborted = signal.aborted ? describeAbort(context.signal, declared.timeout) : {};
    return describeNoAnswer({ ...noAnswer, ...aborted }, { sideEffect, attempts });
  };
  for (let tries = 1; ; tries += 1) {
    const tried = await tryCall(tool, { args, context, signal });
    if (tried.wasTried) attempts += 1;
    if ('result' in tried) return { ...describeResult(tried.result, declared.maxResponseBytes), attempts };
    const { noAnswer, isLost, isRetryable } = tried;
    const isHarmless = sideEffect !== 'write' || (!noAnswer.wasSent && (isLost || !tried.wasTried));
    if (signal.aborted || !isRetryable || !isHarmless) return end(noAnswer);
    if (isLost && wasRenewed && sideEffect === 'write') return end(noAnswer);
    if (isLost && !wasRenewed) {
      wasRenewed = true;
      tries -= 1;
      continue;
    }
    const delayMs = Math.max(
      retryDelay({ attempts: tries, retryAfterMs: undefined, random: surroundings.random }) ?? 0,
      server.pauseMs,
    );
    // A server that has been down for a while is not waited for by every call.
    const isGivenUp = tries >= triesMax || (!tried.wasTried && tries === 1 && tried.wasPaused);
    if (isGivenUp || performance.now() + delayMs >= untilMs) return end(noAnswer);
    try {
      await surroundings.sleep(delayMs, signal);
    } catch {
      return end(noAnswer);
    }
  }
}

type Tried =
  | { wasTried: true; result: CallToolResult }
  | { wasTried: boolean; wasPaused: boolean; noAnswer: NoAnswer; isLost: boolean; isRetryable: boolean };

async function tryCall(
  { server, listed }: { server: McpServer; listed: ListedTool },
  { args, context, signal }: { args: Readonly<Record<string, unknown>>; context: ToolCallContext; signal: AbortSignal },
): Promise<Tried> {
  const wasPaused = server.pauseMs > 0;
  let connection: McpConnection;
  try {
    connection = await orAborted(server.connect(), signal);
  } catch {
    const noAnswer: NoAnswer = { what: 'its server is not available', kind: 'server_unavailable', wasSent: false };
    return { wasTried: false, wasPaused, noAnswer, isLost: false, isRetryable: true };
  }
  try {
    const _meta = { traceparent: context.traceparent, 'sightglass/idempotency-key': context.idempotencyKey };
    const result = await connection.callTool({ name: listed.remoteName, arguments: args, _meta }, signal);
    return { wasTried: true, result };
  } catch (error) {
    if (signal.aborted) {
      const noAnswer: NoAnswer = { what: '', kind: 'timeout', wasSent: true };
      return { wasTried: true, wasPaused, noAnswer, isLost: false, isRetryable: false };
    }
    const failure = describeCallError(error, connection);
    if (failure.isLost) server.drop(connection);
    return { wasTried: true, wasPaused, ...failure };
  }
}

function describeResult(result: CallToolResult, bytesMax: number): Omit<ToolResult, 'attempts'> {
  const text = describeContent(result);
  if (result.isError === true) {
    return {
      ...cutText(text === '' ? 'The tool failed and does not say why.' : text, bytesMax),
      failure: 'tool_error',
    };
  }
  return cutText(text === '' ? 'Done, without content.' : text, bytesMax);
}
