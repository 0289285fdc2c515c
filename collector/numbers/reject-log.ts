import { otherName } from './bounded-names.ts';
import type { Sender } from './sender-names.ts';

/** Something that was not taken, as its sender would look for it; never payloads. */
export interface RejectNote extends Sender {
  timeMs: number;
  code: string;
  /** What the sender was told. */
  message: string;
  /** `resourceSpans[0].scopeSpans[0].spans[3]`; '' of a whole request. */
  place: string;
  /** As sent, lower-case hexadecimal; '' where it could not be read. */
  traceId: string;
  spanId: string;
  name: string;
}

/** A sender that gets everything wrong is one line among others. */
const notesOfKindMax = 5;
const notesOfMinuteMax = 200;
const messageMax = 200;

/** Keeps the first of each kind of reject in a minute, until they are taken to be saved. */
export class RejectLog {
  #waiting: RejectNote[] = [];
  #minute = 0;
  #notesOfMinute = 0;
  readonly #notesOfKind = new Map<string, number>();

  add(note: RejectNote): void {
    const minute = Math.floor(note.timeMs / 60_000);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#notesOfMinute = 0;
      this.#notesOfKind.clear();
    }
    const kind = JSON.stringify([note.project, note.service, note.code]);
    const known = this.#notesOfKind.get(kind) ?? 0;
    const hasRoom = known < notesOfKindMax && this.#notesOfMinute < notesOfMinuteMax;
    if (!hasRoom || this.#waiting.length >= notesOfMinuteMax || note.project === otherName) return;
    this.#notesOfKind.set(kind, known + 1);
    this.#notesOfMinute += 1;
    this.#waiting.push({ ...note, message: note.message.slice(0, messageMax).toWellFormed() });
  }

  /** All of them; what comes next is kept again. */
  take(): RejectNote[] {
    const notes = this.#waiting;
    this.#waiting = [];
    return notes;
  }
}
