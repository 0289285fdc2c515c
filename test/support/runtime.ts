import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import OpenAI from 'openai';
import { type Program, startProgram } from './program.ts';
import { makeTempDir } from './temp-dir.ts';

export interface Runtime extends Program {
  dataDir: string;
  /** The official client, pointed at the agents' door; it does not try again by itself. */
  client: OpenAI;
  /** Ends it and deletes its data. */
  remove(): Promise<void>;
}

export interface RuntimeOptions {
  /** Definition files by their name without `.yaml`; YAML is a superset of JSON. */
  agents: Readonly<Record<string, object>>;
  /** Of a runtime that ran before, or of another one beside it. */
  dataDir?: string;
  environment?: Readonly<Record<string, string>>;
}

/** The runtime as its own process, with these agents. */
export async function startRuntime({ agents, dataDir, environment }: RuntimeOptions): Promise<Runtime> {
  const own = makeTempDir('runtime');
  const agentsDir = join(own.path, 'agents');
  mkdirSync(agentsDir);
  for (const [name, definition] of Object.entries(agents)) {
    writeFileSync(join(agentsDir, `${name}.yaml`), JSON.stringify({ name, ...definition }));
  }
  const data = dataDir ?? join(own.path, 'data');
  const program = await startProgram('runtime/main.ts', {
    SIGHTGLASS_RUNTIME_PORT: '0',
    SIGHTGLASS_DATA_DIR: data,
    SIGHTGLASS_AGENTS_DIR: agentsDir,
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', // nobody listens: spans wait in the store
    ...environment,
  });
  return {
    ...program,
    dataDir: data,
    client: new OpenAI({ baseURL: `${program.url}/v1`, apiKey: 'none', maxRetries: 0 }),
    remove: async () => {
      await program.kill();
      own.remove();
    },
  };
}

/** What Sightglass adds to a completion. */
export interface TurnSaid {
  session_id: string;
  turn_id: string;
  trace_id: string;
  state: string;
  reason: string | null;
  message: string | null;
  cost_usd: string | null;
  steps: number;
  tool_calls: number;
}

export interface Answer {
  text: string;
  finish: string | null | undefined;
  turn: TurnSaid;
  sessionId: string;
  promptTokens: number | undefined;
}

/** One request to an agent, answered whole. */
export async function ask(
  { client }: Pick<Runtime, 'client'>,
  agent: string,
  messages: OpenAI.ChatCompletionMessageParam[] | string,
  headers: Readonly<Record<string, string>> = {},
  more: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming> = {},
): Promise<Answer> {
  const sent = typeof messages === 'string' ? [{ role: 'user' as const, content: messages }] : messages;
  const { data, response } = await client.chat.completions
    .create({ model: `agent/${agent}`, messages: sent, ...more, stream: false }, { headers })
    .withResponse();
  const [choice] = data.choices;
  return {
    text: choice?.message.content ?? '',
    finish: choice?.finish_reason,
    turn: (data as unknown as { sightglass: TurnSaid }).sightglass,
    sessionId: response.headers.get('x-session-id') ?? '',
    promptTokens: data.usage?.prompt_tokens,
  };
}

/** Status and code of what a request is refused with. */
export async function refusal(
  request: Promise<unknown>,
): Promise<{ status: number | undefined; code: unknown; message: string }> {
  try {
    await request;
  } catch (error) {
    if (!(error instanceof OpenAI.APIError)) throw error;
    return { status: error.status as number | undefined, code: error.code, message: error.message };
  }
  throw new Error('the request was not refused');
}
