import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { ReadBuffer, serializeMessage } from '@modelcontextprotocol/sdk/shared/stdio.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { messageBytesMax, tooLarge } from './message-limit.ts';

/** What is kept of standard error, to say why a server ended. */
const stderrBytesMax = 4_096;
const shownLineLength = 300;
/** A server ends by itself when its input ends; then it is told to; then it is ended. */
const endGraceMs = 1_000;
const terminateGraceMs = 2_000;

export interface StdioCommand {
  command: string;
  args: readonly string[];
  /** All that the process sees. */
  environment: Readonly<Record<string, string>>;
}

/**
 * An MCP server as a process of ours. Unlike the SDK's own transport it hands on no environment and ends what the process started
 * along with it.
 */
export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: NonNullable<Transport['onmessage']>;
  readonly #command: StdioCommand;
  readonly #buffer = new ReadBuffer({ maxBufferSize: messageBytesMax });
  #process: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #stderr = '';
  #end = '';

  constructor(command: StdioCommand) {
    this.#command = command;
  }

  /** Why it ended; empty while it runs. */
  get end(): string {
    return this.#end;
  }

  /** The last line of its standard error: for people, not for models. */
  get lastLine(): string {
    return this.#stderr.trimEnd().split('\n').at(-1)?.trim().slice(0, shownLineLength) ?? '';
  }

  async start(): Promise<void> {
    const { command, args, environment } = this.#command;
    // In a process group of its own, so that its children can be ended with it.
    const child = spawn(command, args, { env: environment, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    this.#process = child;
    const { promise: exited, resolve } = Promise.withResolvers<undefined>();
    this.#exited = exited;
    child.stdin.on('error', (error) => this.onerror?.(error));
    child.stdout.on('data', (chunk: Buffer) => this.#read(chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-stderrBytesMax);
    });
    child.once('exit', () => this.#signalGroup('SIGKILL')); // what it left behind
    child.once('close', (code, signal) => {
      this.#end ||= `its process ended with ${signal ?? `code ${code ?? '?'}`}`;
      this.#process = undefined;
      resolve(undefined);
      this.onclose?.();
    });
    await new Promise<void>((started, failed) => {
      child.once('spawn', started);
      child.on('error', (error: NodeJS.ErrnoException) => {
        this.#end = `its command cannot be started (${error.code ?? error.message})`;
        failed(new Error(this.#end));
      });
    });
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const stdin = this.#process?.stdin;
    if (stdin?.writable !== true) throw new Error('Not connected');
    await new Promise<void>((resolve, reject) => {
      stdin.write(serializeMessage(message), (error) => (error ? reject(error) : resolve()));
    });
  }

  async close(): Promise<void> {
    if (this.#process === undefined) return;
    this.#end ||= 'it was closed';
    this.#process.stdin?.end();
    const isOver = async (ms: number) => {
      const stop = new AbortController();
      const waited = sleep(ms, false, { signal: stop.signal }).catch(() => false);
      const isEnded = await Promise.race([this.#exited.then(() => true), waited]);
      stop.abort();
      return isEnded;
    };
    if (await isOver(endGraceMs)) return;
    this.#signalGroup('SIGTERM');
    if (await isOver(terminateGraceMs)) return;
    this.#signalGroup('SIGKILL');
    await isOver(terminateGraceMs);
  }

  #read(chunk: Buffer): void {
    try {
      this.#buffer.append(chunk);
    } catch {
      // Behind a message that is too long nothing can be found again.
      this.#end = tooLarge;
      this.#signalGroup('SIGKILL');
      return;
    }
    for (;;) {
      try {
        const message = this.#buffer.readMessage();
        if (message === null) return;
        this.onmessage?.(message);
      } catch (error) {
        this.onerror?.(error instanceof Error ? error : new Error(String(error))); // a line that is no message, such as a log
      }
    }
  }

  #signalGroup(signal: NodeJS.Signals): void {
    const pid = this.#process?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // Everything of it has ended.
    }
  }
}
