/** How a turn ended. */
export interface TurnEnd {
  turnId: string;
  traceId: string;
  revision: string;
  /** completed, failed, interrupted, cancelled, limited. */
  state: string;
  reason: string | null;
  message: string | null;
  costUsd: string | null;
  steps: number;
  toolCalls: number;
}

/** What comes from an agent while it answers. */
export type ChatEvent =
  | { type: 'text'; text: string }
  | { type: 'tool_started'; callId: string; name: string; arguments: string }
  | { type: 'tool_ended'; callId: string; name: string; failure: string | null; durationMs: number | null }
  | { type: 'model_retry'; model: string; failure: string }
  | { type: 'end'; end: TurnEnd }
  | { type: 'error'; code: string; message: string };

/** Reads one chunk of a streamed chat completion; what it does not know says nothing. Throws where it is no JSON object. */
export function readChatEvents(data: string): ChatEvent[] {
  if (data.trim() === '[DONE]') return [];
  const chunk: unknown = JSON.parse(data);
  if (!isObject(chunk)) throw new Error('a chunk of the stream is no object');
  const own = isObject(chunk['sightglass']) ? readOwn(chunk['sightglass']) : undefined;
  // A turn that failed says so itself; without it, the request did.
  if (isObject(chunk['error'])) return [own ?? readError(chunk['error'])];
  const events: ChatEvent[] = [];
  const [choice] = Array.isArray(chunk['choices']) ? (chunk['choices'] as unknown[]) : [];
  const delta = isObject(choice) && isObject(choice['delta']) ? text(choice['delta']['content']) : undefined;
  if (delta !== undefined && delta !== '') events.push({ type: 'text', text: delta });
  return own === undefined ? events : [...events, own];
}

function readError({ code, message }: Record<string, unknown>): ChatEvent {
  return { type: 'error', code: text(code) ?? 'bad_reply', message: text(message) ?? 'The turn failed.' };
}

function readOwn(own: Record<string, unknown>): ChatEvent | undefined {
  const name = text(own['name']) ?? 'tool';
  const callId = text(own['call_id']) ?? name;
  switch (own['event']) {
    case 'tool_started':
      return { type: 'tool_started', callId, name, arguments: text(own['arguments']) ?? '' };
    case 'tool_ended': {
      const durationMs = typeof own['duration_ms'] === 'number' ? own['duration_ms'] : null;
      return { type: 'tool_ended', callId, name, failure: text(own['failure']) ?? null, durationMs };
    }
    case 'model_retry': {
      const model = [own['provider'], own['model']].filter((part) => text(part) !== undefined).join('/');
      return { type: 'model_retry', model, failure: text(own['failure']) ?? 'failed' };
    }
    case undefined:
      return typeof own['state'] === 'string' ? { type: 'end', end: readEnd(own) } : undefined;
    default:
      return undefined;
  }
}

function readEnd(own: Record<string, unknown>): TurnEnd {
  return {
    turnId: text(own['turn_id']) ?? '',
    traceId: text(own['trace_id']) ?? '',
    revision: text(own['revision']) ?? '',
    state: text(own['state']) ?? '',
    reason: text(own['reason']) ?? null,
    message: text(own['message']) ?? null,
    costUsd: text(own['cost_usd']) ?? null,
    steps: Number(own['steps'] ?? 0),
    toolCalls: Number(own['tool_calls'] ?? 0),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
