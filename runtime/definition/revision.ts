import { createHash } from 'node:crypto';

const shownDigits = 12;

/**
 * Identifies what a definition says: the same content gives the same revision, whatever the order of its keys, its comments
 * and its way of writing. References to the environment count as references, and other agents as their names.
 */
export function hashContent(content: unknown): string {
  return createHash('sha256').update(canonical(content)).digest('hex');
}

/** `support@1a2b3c4d5e6f` */
export function nameRevision(name: string, hash: string): string {
  return `${name}@${hash.slice(0, shownDigits)}`;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(',')}}`;
}
