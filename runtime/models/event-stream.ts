import { ModelFailure } from './model-failure.ts';

/** One event's data; no provider comes near it. */
const eventLimitChars = 16_000_000;

/** Takes server-sent events apart as their text arrives, in pieces of any size. */
export class EventParser {
  readonly #take: (data: string, event: string) => void;
  #rest = '';
  #event = '';
  #data: string | undefined;

  /** `take` gets each event's data and name; the name is '' where there is none. */
  constructor(take: (data: string, event: string) => void) {
    this.#take = take;
  }

  push(chunk: string): void {
    // Looking for a line's end in what was searched before would cost more with every chunk.
    const isWithinLine = !chunk.includes('\n');
    const text = this.#rest === '' ? chunk : this.#rest + chunk;
    if (isWithinLine) {
      this.#rest = text;
      this.#checkLength();
      return;
    }
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      this.#takeLine(text, start, text.charCodeAt(end - 1) === carriageReturn && end > start ? end - 1 : end);
      start = end + 1;
    }
    this.#rest = start === text.length ? '' : text.slice(start);
    this.#checkLength();
  }

  /** What stands at the end without an empty line behind it is an event too: some servers save the last line's end. */
  end(): void {
    if (this.#rest !== '') this.push('\n');
    this.push('\n');
  }

  #takeLine(text: string, start: number, end: number): void {
    if (start === end) {
      const data = this.#data;
      const event = this.#event;
      this.#data = undefined;
      this.#event = '';
      if (data !== undefined) this.#take(data, event);
    } else if (text.startsWith('data:', start)) {
      const value = text.slice(skipBlank(text, start + 'data:'.length), end);
      this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
    } else if (text.startsWith('event:', start)) {
      this.#event = text.slice(skipBlank(text, start + 'event:'.length), end);
    }
  }

  #checkLength(): void {
    if (this.#rest.length + (this.#data?.length ?? 0) > eventLimitChars) {
      throw new ModelFailure('malformed_reply', `an event of the stream is longer than ${eventLimitChars} characters`);
    }
  }
}

const carriageReturn = 13;
const blank = 32;

function skipBlank(text: string, at: number): number {
  return text.charCodeAt(at) === blank ? at + 1 : at;
}
