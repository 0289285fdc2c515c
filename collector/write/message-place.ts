import { randomInt } from 'node:crypto';
import type { Bucket } from '../map/store-messages.ts';

/** Senders choose the names: they must not be able to foresee which of them share a key. */
const lowSeed = randomInt(2 ** 32);
const highSeed = randomInt(2 ** 32);

/** Where messages belong, as 64 bits; with the hash of a message they make its key. */
export class MessagePlace {
  low = 0;
  high = 0;
  #projectId = '';
  #week = -1;
  #conversation = '';

  enter({ projectId, week, conversation }: Bucket): void {
    if (conversation === this.#conversation && week === this.#week && projectId === this.#projectId) return;
    this.#projectId = projectId;
    this.#week = week;
    this.#conversation = conversation;
    this.low = lowSeed;
    this.high = highSeed;
    this.#mix(projectId);
    this.#mixOne(week);
    this.#mix(conversation);
  }

  #mix(text: string): void {
    for (let at = 0; at < text.length; at += 1) this.#mixOne(text.charCodeAt(at));
    this.#mixOne(text.length);
  }

  #mixOne(value: number): void {
    const low = Math.imul(this.low ^ value, 0x5bd1e995);
    const high = Math.imul(this.high ^ value, 0x1b873593);
    this.low = low ^ (low >>> 15);
    this.high = high ^ (high >>> 13);
  }
}
