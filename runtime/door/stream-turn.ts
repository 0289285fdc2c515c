import type { TurnEvent } from '../run/turn-events.ts';
import type { Turn } from '../sessions/record.ts';
import { describeTurn, findEndError, finishReason, sumUsage } from './completion.ts';
import { endNotice } from './describe-end.ts';
import { DoorError, leftError, pausedError } from './door-error.ts';
import type { EventSink } from './event-stream.ts';
import { type Pace, processPace } from './pace-pieces.ts';

export interface TurnStreamOptions {
  turn: Turn;
  agent: string;
  revision: string;
  includesUsage: boolean;
}

/** A turn as chunks of the OpenAI protocol, ended by `[DONE]`; what goes wrong is a chunk with `error`. */
export class TurnStream {
  readonly #options: TurnStreamOptions;
  readonly #sink: EventSink;
  readonly #before: string;
  readonly #pace: Pace;
  readonly #leavePace: () => void;
  /** Text that was given out, the part that still waits included. */
  #sent = '';
  #waiting = '';

  constructor(options: TurnStreamOptions, sink: EventSink, pace: Pace = processPace) {
    this.#options = options;
    this.#sink = sink;
    this.#pace = pace;
    this.#leavePace = pace.join(this);
    const { turn, agent } = options;
    const head = {
      id: turn.id,
      object: 'chat.completion.chunk',
      created: Math.floor(turn.acceptedMs / 1000),
      model: `agent/${agent}`,
    };
    this.#before = JSON.stringify(head).slice(0, -1);
    this.#choice('{"role":"assistant","content":""}', null);
  }

  /** Call when the client has gone. */
  leave(): void {
    this.#leavePace();
  }

  /** Sends the text that waits. */
  flush(): void {
    if (this.#waiting === '') return;
    this.#choice(`{"content":${JSON.stringify(this.#waiting)}}`, null);
    this.#waiting = '';
  }

  send(event: TurnEvent): void {
    if (event.type !== 'text') this.flush();
    if (event.type === 'left' || event.type === 'paused' || event.type === 'end') this.#leavePace();
    switch (event.type) {
      case 'text':
        this.#text(event.text);
        break;
      case 'tool_started':
        this.#note({ event: event.type, call_id: event.callId, name: event.name, arguments: event.arguments });
        break;
      case 'tool_ended':
        this.#note({
          event: event.type,
          call_id: event.callId,
          name: event.name,
          failure: event.failure,
          duration_ms: event.durationMs,
        });
        break;
      case 'model_retry':
        this.#note({ event: event.type, provider: event.provider, model: event.model, failure: event.failure });
        break;
      case 'left':
        this.#sink.send(JSON.stringify({ error: leftError() }));
        this.#sink.close();
        break;
      case 'paused':
        this.#sink.send(JSON.stringify({ error: pausedError(event.pause) }));
        this.#sink.close();
        break;
      case 'end':
        this.#end(event.turn);
    }
  }

  #text(text: string): void {
    const isFirst = this.#sent === '';
    this.#sent += text;
    this.#waiting += text;
    if (isFirst || this.#pace.gatherMs === 0) this.flush();
    else this.#pace.wait(this);
  }

  #end(turn: Turn): void {
    const { end } = turn;
    if (end === null) throw new Error('a turn ended without an end');
    const failed = findEndError(end) ?? this.#findGap(end.text);
    if (failed === undefined) {
      const rest = `${end.text.slice(this.#sent.length)}${endNotice(end)}`;
      if (rest !== '') this.#choice(`{"content":${JSON.stringify(rest)}}`, null);
    }
    const facts = { ...this.#options, turn: { ...turn, end } };
    const sightglass = `,"sightglass":${JSON.stringify(describeTurn(facts))}`;
    if (failed !== undefined) this.#sink.send(`{"error":${JSON.stringify(failed)}${sightglass}}`);
    else {
      this.#choice('{}', finishReason(end), sightglass);
      if (this.#options.includesUsage)
        this.#sink.send(`${this.#before},"choices":[],"usage":${JSON.stringify(sumUsage(turn))}}`);
      this.#sink.send('[DONE]');
    }
    this.#sink.close();
  }

  /** Another process took the turn over and answered otherwise than this one had begun. */
  #findGap(text: string): DoorError | undefined {
    if (text.startsWith(this.#sent)) return undefined;
    const { sessionId } = this.#options.turn;
    return new DoorError('internal', `The turn went on in another process; its answer is in session ${sessionId}.`);
  }

  #note(event: Readonly<Record<string, unknown>>): void {
    this.#choice('{}', null, `,"sightglass":${JSON.stringify(event)}`);
  }

  #choice(delta: string, finish: string | null, more = ''): void {
    this.#sink.send(
      `${this.#before},"choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${JSON.stringify(finish)}}]${more}}`,
    );
  }
}
