import { StreamableHTTPError } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ErrorCode, McpError } from '@modelcontextprotocol/sdk/types.js';
import type { NoAnswer } from './describe-failure.ts';
import { HttpRequestError } from './http-client.ts';
import { readFailure } from './http-outcome.ts';
import type { McpConnection } from './mcp-connection.ts';
import { brokenAnswer } from './mcp-fetch.ts';
import { tooLarge, TooLargeError } from './message-limit.ts';

const shownMessageLength = 2_000;
const invalidParams: number = ErrorCode.InvalidParams;

/** What became of a call that threw. */
export interface McpFailure {
  /** Without an answer, or with one that says no: `wasSent` is false then, for nothing is in doubt. */
  noAnswer: NoAnswer;
  /** The connection is of no use any more. */
  isLost: boolean;
  /** Another try may do better. */
  isRetryable: boolean;
}

/** Understands what a call over a connection threw. */
export function describeCallError(
  error: unknown,
  connection: Pick<McpConnection, 'isClosed' | 'hasSession' | 'end'>,
): McpFailure {
  if (error instanceof HttpRequestError) {
    const kind = error.reason === 'denied' ? 'denied' : 'server_unavailable';
    const isBroken = error.reason === 'broken';
    return { noAnswer: { what: error.message, kind, wasSent: error.wasSent }, isLost: isBroken, isRetryable: isBroken };
  }
  if (error instanceof StreamableHTTPError) return describeStatus(error, connection.hasSession);
  const code = error instanceof McpError ? error.code : undefined;
  if (code === brokenAnswer.cut) return sent('server_unavailable', readMessage(error), { isRetryable: true });
  if (code === brokenAnswer.tooLarge || error instanceof TooLargeError) {
    return sent('bad_response', readMessage(error), {});
  }
  if (connection.isClosed) {
    const { end } = connection;
    if (end === tooLarge) return sent('bad_response', end, { isLost: true });
    const what = end === '' ? 'the connection to its server ended' : end;
    return sent('server_unavailable', what, { isLost: true, isRetryable: true });
  }
  if (code === invalidParams) return answered('invalid_arguments', readMessage(error));
  if (code !== undefined) return answered('tool_error', `its server says: ${readMessage(error)} (code ${code})`);
  if (error instanceof Error && error.message === 'Not connected') {
    return {
      noAnswer: { what: 'its server is gone', kind: 'server_unavailable', wasSent: false },
      isLost: true,
      isRetryable: true,
    };
  }
  return sent('bad_response', 'what its server answered is no result of a tool', {});
}

/** The text of an error without what the SDK puts before it. */
export function readMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^(MCP error -?\d+: |Streamable HTTP error: )+/, '').slice(0, shownMessageLength);
}

function describeStatus(error: StreamableHTTPError, hasSession: boolean): McpFailure {
  const status = error.code ?? 0;
  const message = readMessage(error);
  // 404 by the standard; servers that keep sessions in memory say 400 after a restart.
  const isForgotten = status === 404 || (status === 400 && /session|not initialized/i.test(message));
  if (hasSession && isForgotten) {
    const what = 'its server has forgotten the session';
    return { noAnswer: { what, kind: 'server_unavailable', wasSent: false }, isLost: true, isRetryable: true };
  }
  if (status >= 300 && status < 400) return answered('denied', message);
  if (status < 300) return sent('bad_response', message, {});
  const isRetryable = status === 408 || status === 429 || status >= 500;
  return { ...answered(readFailure(status), `HTTP ${status}: ${message}`), isRetryable };
}

function answered(kind: NoAnswer['kind'], what: string): McpFailure {
  return { noAnswer: { what, kind, wasSent: false }, isLost: false, isRetryable: false };
}

function sent(
  kind: NoAnswer['kind'],
  what: string,
  { isLost = false, isRetryable = false }: { isLost?: boolean; isRetryable?: boolean },
): McpFailure {
  return { noAnswer: { what, kind, wasSent: true }, isLost, isRetryable };
}
