import type { ToolFailureKind } from '../tools/tool.ts';
import type { ModelFailureKind } from '../models/model-failure.ts';
import type { Pause } from '../sessions/pause.ts';
import type { Turn } from '../sessions/record.ts';

/** What happens while a turn runs, for whoever listens. */
export type TurnEvent =
  /** A piece of the answer; all pieces together are its text. */
  | { type: 'text'; text: string }
  | { type: 'tool_started'; callId: string; name: string; arguments: string }
  | { type: 'tool_ended'; callId: string; name: string; failure: ToolFailureKind | null; durationMs: number }
  /** A model failed and is tried again, or the next one takes over. */
  | { type: 'model_retry'; provider: string; model: string; failure: ModelFailureKind }
  /** This process stops, the turn goes on in another one: the last event here. */
  | { type: 'left' }
  /** The session waits for a budget, the turn goes on later: the last event here. */
  | { type: 'paused'; pause: Pause }
  | { type: 'end'; turn: Turn };
