import { randomUUID } from 'node:crypto';
import OpenAI from 'openai';
import { replyTo, type User } from './user.ts';

/** What came of the turns so far. */
export interface Tally {
  conversations: number;
  turns: number;
  failed: number;
  limited: number;
  disconnected: number;
  repeated: number;
  toolCalls: number;
  usd: number;
  /** What went wrong, by what was said of it. */
  faults: Map<string, number>;
}

export interface ConverseOptions {
  runtimeUrl: string;
  /** Where keys are needed. */
  key?: string | undefined;
  tally: Tally;
  /** Waits until another turn may begin; false: no more turns. */
  takeTurn: () => Promise<boolean>;
  pause: (ms: number) => Promise<void>;
  signal: AbortSignal;
}

const turnsMax = 8;
const disconnectShare = 0.05;
const repeatShare = 0.06;
const requestTimeoutMs = 120_000;

export function createTally(): Tally {
  return {
    conversations: 0,
    turns: 0,
    failed: 0,
    limited: 0,
    disconnected: 0,
    repeated: 0,
    toolCalls: 0,
    usd: 0,
    faults: new Map(),
  };
}

/** One conversation of one user, through the door that any client uses. */
export async function converse(
  user: User,
  { runtimeUrl, key = 'demo', tally, takeTurn, pause, signal }: ConverseOptions,
): Promise<void> {
  const { persona, customer, model, goal, random } = user;
  const client = new OpenAI({ baseURL: `${runtimeUrl}/v1`, apiKey: key, maxRetries: 0, timeout: requestTimeoutMs });
  const said: string[] = [];
  const history: OpenAI.ChatCompletionMessageParam[] = [];
  const isAgent = model.startsWith('agent/');
  let sessionId: string | undefined;
  let next: string | undefined = goal.lines[0];
  tally.conversations += 1;

  while (next !== undefined && said.length < turnsMax && !signal.aborted && (await takeTurn())) {
    said.push(next);
    history.push({ role: 'user', content: next });
    const request: Request = {
      client,
      model,
      // With a session the door keeps what was said; a model that is called directly keeps nothing.
      messages: isAgent ? history.slice(-1) : history,
      identity: { user: customer.email },
      metadata: {
        ...persona.labels,
        customer_tier: customer.tier,
        ...(model === 'agent/support' && { customer_name: customer.name }),
      },
      headers: {
        ...(sessionId !== undefined && { 'x-session-id': sessionId }),
        ...(isAgent && {
          'idempotency-key': `demo-${randomUUID()}`,
        }),
      },
      signal,
      disconnects: random() < disconnectShare,
    };
    const repeats = isAgent && random() < repeatShare;
    const turn = await ask(request);
    count(tally, turn);
    if (turn.fault !== undefined && turn.sessionId === undefined && sessionId === undefined && isAgent) return;
    sessionId = turn.sessionId ?? sessionId;
    if (repeats && turn.fault === undefined && !turn.wasLeft) {
      const again = await ask({
        ...request,
        headers: { ...request.headers, ...(sessionId !== undefined && { 'x-session-id': sessionId }) },
        disconnects: false,
      });
      tally.repeated += 1;
      if (again.turnId !== turn.turnId) note(tally, 'a repeated request ran a second turn');
    }
    history.push({ role: 'assistant', content: turn.text === '' ? '…' : turn.text });
    await pause(300 + random() * 1_500);
    next = replyTo({ answer: turn.text, said, failed: turn.fault !== undefined, random }, goal);
  }
}

interface Request {
  client: OpenAI;
  model: string;
  messages: readonly OpenAI.ChatCompletionMessageParam[];
  /** As the body names it. */
  identity: { user: string };
  metadata: Record<string, string>;
  headers: Record<string, string>;
  signal: AbortSignal;
  /** Goes away after the first words. */
  disconnects: boolean;
}

interface Answer {
  text: string;
  sessionId: string | undefined;
  turnId: string | undefined;
  state: string | undefined;
  usd: number;
  toolCalls: number;
  fault: string | undefined;
  wasLeft: boolean;
}

/** What the door adds to the last chunk. */
interface TurnFacts {
  sightglass?: {
    turn_id?: string;
    state?: string;
    reason?: string | null;
    cost_usd?: string | null;
    tool_calls?: number;
  };
}

async function ask({
  client,
  model,
  messages,
  identity,
  metadata,
  headers,
  signal,
  disconnects,
}: Request): Promise<Answer> {
  const answer: Answer = {
    text: '',
    sessionId: undefined,
    turnId: undefined,
    state: undefined,
    usd: 0,
    toolCalls: 0,
    fault: undefined,
    wasLeft: false,
  };
  const leave = new AbortController();
  try {
    const { data, response } = await client.chat.completions
      .create(
        { model, messages: [...messages], stream: true, metadata, ...identity },
        { headers, signal: AbortSignal.any([signal, leave.signal]) },
      )
      .withResponse();
    answer.sessionId = response.headers.get('x-session-id') ?? undefined;
    answer.turnId = response.headers.get('x-turn-id') ?? undefined;
    for await (const chunk of data) {
      answer.text += chunk.choices[0]?.delta.content ?? '';
      const { sightglass } = chunk as TurnFacts;
      if (sightglass?.state !== undefined) {
        answer.state = sightglass.state;
        answer.usd = Number(sightglass.cost_usd ?? 0);
        answer.toolCalls = sightglass.tool_calls ?? 0;
        if (sightglass.state !== 'completed')
          answer.fault = `${sightglass.state}: ${sightglass.reason ?? 'no reason given'}`;
      }
      if (disconnects && answer.text.length > 40) {
        answer.wasLeft = true;
        leave.abort();
        break;
      }
    }
  } catch (error) {
    if (answer.wasLeft || signal.aborted) return answer;
    answer.fault = describeFault(error);
  }
  return answer;
}

function describeFault(error: unknown): string {
  if (error instanceof OpenAI.APIError) {
    const { code, type, message } = error;
    const status = error.status as number | undefined;
    return `${status ?? 'in the stream'}: ${code ?? type ?? message}`;
  }
  return error instanceof Error ? error.message : String(error);
}

function count(tally: Tally, { fault, state, usd, toolCalls, wasLeft }: Answer): void {
  tally.turns += 1;
  tally.usd += usd;
  tally.toolCalls += toolCalls;
  if (wasLeft) tally.disconnected += 1;
  if (fault === undefined) return;
  if (state === 'limited') tally.limited += 1;
  else tally.failed += 1;
  note(tally, fault);
}

function note(tally: Tally, fault: string): void {
  tally.faults.set(fault, (tally.faults.get(fault) ?? 0) + 1);
}
