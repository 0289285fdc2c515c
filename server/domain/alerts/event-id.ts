import { createHash } from 'node:crypto';

const idDigits = 32;

/** Of what makes an event this one and no other: whoever finds it again gives it the same id. */
export function eventIdOf(parts: readonly (string | number | null)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, idDigits);
}
