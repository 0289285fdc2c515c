import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  type CallToolResult,
  CallToolResultSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import type { HttpClient } from './http-client.ts';
import { makeMcpFetch } from './mcp-fetch.ts';
import { type StdioCommand, StdioTransport } from './mcp-stdio.ts';

/** Of the handshake and of each page of the list of tools. */
const requestTimeoutMs = 30_000;
const sessionEndTimeoutMs = 2_000;
const pagesMax = 50;
/** Our own signals end calls; the SDK's clock is set behind all of them. */
const neverMs = 2_147_483_647;

/** Where an MCP server is. */
export type McpPlace =
  | { type: 'stdio'; command: StdioCommand }
  | { type: 'http'; url: URL; headers: Readonly<Record<string, string>>; client: HttpClient };

const toolPage = z.looseObject({ tools: z.array(z.unknown()), nextCursor: z.string().optional() });

/** One session with an MCP server; it ends once and does not come back. */
export class McpConnection {
  readonly #transport: Transport;
  readonly #client = new Client({ name: 'sightglass', version: '1' }, { capabilities: {} });
  #isClosed = false;
  #isRetired = false;
  #callCount = 0;

  private constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Starts the server or calls it, and shakes hands. Throws what keeps it from that, told for people. */
  static async open(
    place: McpPlace,
    { onToolsChanged, signal }: { onToolsChanged: () => void; signal: AbortSignal },
  ): Promise<McpConnection> {
    const connection = new McpConnection(makeTransport(place));
    const client = connection.#client;
    client.onclose = () => (connection.#isClosed = true);
    client.onerror = () => undefined; // what matters fails a request or closes the connection
    client.setNotificationHandler(ToolListChangedNotificationSchema, onToolsChanged);
    try {
      await client.connect(connection.#transport, { timeout: requestTimeoutMs, signal });
      return connection;
    } catch (error) {
      const { end } = connection;
      const lastLine = connection.#transport instanceof StdioTransport ? connection.#transport.lastLine : '';
      await connection.close();
      throw end === '' ? error : new Error(lastLine === '' ? end : `${end}: ${lastLine}`, { cause: error });
    }
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether the server gave it a session that it can lose. */
  get hasSession(): boolean {
    return this.#transport.sessionId !== undefined;
  }

  /** Of a process that ended: why; else empty. */
  get end(): string {
    return this.#transport instanceof StdioTransport ? this.#transport.end : '';
  }

  /** As the server describes them, page by page; unchecked. */
  async listTools(): Promise<unknown[]> {
    const tools: unknown[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < pagesMax; page += 1) {
      const params = cursor === undefined ? {} : { cursor };
      const result = await this.#client.request({ method: 'tools/list', params }, toolPage, {
        timeout: requestTimeoutMs,
      });
      tools.push(...result.tools);
      cursor = result.nextCursor;
      if (cursor === undefined) break;
    }
    return tools;
  }

  /** Throws what `describeCallError` understands. */
  async callTool(
    call: { name: string; arguments: Record<string, unknown>; _meta: Record<string, unknown> },
    signal: AbortSignal,
  ): Promise<CallToolResult> {
    // The SDK would tell the server of an end that comes after the answer.
    const stop = new AbortController();
    const onAbort = () => stop.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#callCount += 1;
    try {
      const request = { method: 'tools/call', params: call };
      return await this.#client.request(request, CallToolResultSchema, { signal: stop.signal, timeout: neverMs });
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#callCount -= 1;
      if (this.#isRetired) this.retire();
    }
  }

  /** Closes it as soon as no call waits for it; its session is gone already. */
  retire(): void {
    this.#isRetired = true;
    if (this.#callCount === 0 && !this.#isClosed) void this.#transport.close();
  }

  /** Ends the session at the server, or its process with all that it started. */
  async close(): Promise<void> {
    if (this.#transport instanceof StreamableHTTPClientTransport && !this.#isClosed) {
      const ended = this.#transport.terminateSession().catch(() => undefined);
      await Promise.race([ended, sleep(sessionEndTimeoutMs, undefined, { ref: false })]);
    }
    await this.#transport.close();
    this.#isClosed = true;
  }
}

function makeTransport(place: McpPlace): Transport {
  if (place.type === 'stdio') return new StdioTransport(place.command);
  const { url, headers, client } = place;
  return new StreamableHTTPClientTransport(url, { fetch: makeMcpFetch(client), requestInit: { headers } });
}
