import { McpConnection, type McpPlace } from './mcp-connection.ts';
import { describeCallError, readMessage } from './mcp-failure.ts';
import { type DeclaredMcpTool, type ListedTool, selectTools } from './mcp-tool-list.ts';

/** After a connection that failed the next one waits, twice as long each time. */
const firstPauseMs = 1_000;
const pauseMaxMs = 30_000;

/** Of what a server says of itself. */
const shownLineLength = 300;

/** No connection could be made; nothing was sent. The message is for people: it may hold what the server wrote to its log. */
export class ServerUnavailableError extends Error {
  override readonly name = 'ServerUnavailableError';
}

export type McpWarning = (warning: { tool: string; message: string }) => void;

/** One MCP server of an agent: connected when it is needed, again when it was lost. */
export class McpServer {
  readonly #declared: DeclaredMcpTool;
  readonly #place: McpPlace;
  readonly #onWarning: McpWarning;
  #connection: McpConnection | undefined;
  #opening: Promise<McpConnection> | undefined;
  #failures = 0;
  #pauseUntilMs = 0;
  #lastFailure = '';
  #tools: readonly ListedTool[] | undefined;
  #listing: Promise<readonly ListedTool[]> | undefined;
  #isStale = false;
  readonly #hashes = new Map<string, string>();
  readonly #end = new AbortController();

  constructor(declared: DeclaredMcpTool, place: McpPlace, onWarning: McpWarning) {
    this.#declared = declared;
    this.#place = place;
    this.#onWarning = onWarning;
  }

  /** How long no connection is tried because the last ones failed. */
  get pauseMs(): number {
    return Math.max(0, this.#pauseUntilMs - performance.now());
  }

  /** The connection there is, or a new one; calls of the same time share it. Throws a ServerUnavailableError. */
  async connect(): Promise<McpConnection> {
    if (this.#end.signal.aborted) throw new ServerUnavailableError('the runtime is closing');
    if (this.#connection?.isClosed === true) this.drop(this.#connection);
    if (this.#connection !== undefined) return this.#connection;
    if (this.#opening === undefined && this.pauseMs > 0) throw new ServerUnavailableError(this.#lastFailure);
    this.#opening ??= this.#open().finally(() => (this.#opening = undefined));
    return this.#opening;
  }

  /** Forgets a connection that turned out to be dead; another one that was made meanwhile stays. */
  drop(dead: McpConnection): void {
    dead.retire();
    if (this.#connection !== dead) return;
    this.#connection = undefined;
    this.#isStale = true; // what comes back may have other tools
  }

  /** The tools that the agent may use, as they were listed last. Throws a ServerUnavailableError. */
  async listTools(): Promise<readonly ListedTool[]> {
    const connection = await this.connect();
    if (this.#tools !== undefined && !this.#isStale) return this.#tools;
    this.#listing ??= this.#list(connection).finally(() => (this.#listing = undefined));
    return this.#listing;
  }

  async close(): Promise<void> {
    this.#end.abort();
    const opened = await this.#opening?.catch(() => undefined);
    await (this.#connection ?? opened)?.close();
  }

  async #open(): Promise<McpConnection> {
    try {
      const connection = await McpConnection.open(this.#place, {
        onToolsChanged: () => (this.#isStale = true),
        signal: this.#end.signal,
      });
      this.#failures = 0;
      this.#connection = connection;
      return connection;
    } catch (error) {
      this.#failures += 1;
      const pauseMs = Math.min(firstPauseMs * 2 ** (this.#failures - 1), pauseMaxMs);
      this.#pauseUntilMs = performance.now() + pauseMs;
      this.#lastFailure = toLine(readMessage(error));
      throw new ServerUnavailableError(this.#lastFailure, { cause: error });
    }
  }

  async #list(connection: McpConnection, isRepeated = false): Promise<readonly ListedTool[]> {
    this.#isStale = false; // a change that is announced meanwhile asks for another time
    let listed: unknown[];
    try {
      listed = await connection.listTools();
    } catch (error) {
      this.#isStale = true;
      if (describeCallError(error, connection).isLost) {
        this.drop(connection);
        if (!isRepeated) return this.#list(await this.connect(), true);
      }
      throw new ServerUnavailableError(`its tools cannot be listed: ${toLine(readMessage(error))}`, { cause: error });
    }
    const { tools, warnings } = selectTools(listed, this.#declared);
    for (const message of warnings) this.#warn(message);
    for (const { name, hash } of tools) this.#compare(name, hash);
    this.#tools = tools;
    return tools;
  }

  /** A tool that says something else than when it was first seen may be another one. */
  #compare(name: string, hash: string): void {
    const known = this.#hashes.get(name);
    this.#hashes.set(name, hash);
    if (known !== undefined && known !== hash) this.#warn(`${name} has another description or schema than before`);
  }

  #warn(message: string): void {
    this.#onWarning({ tool: this.#declared.name, message });
  }
}

function toLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, shownLineLength);
}
