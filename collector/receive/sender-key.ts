/** What the collector has to know of a key; the server makes and revokes them. */
export interface SenderKey {
  keyId: string;
  /** `*`: its requests name their project. */
  projectId: string;
  name: string;
  scopes: readonly string[];
  /** SHA-256 of its secret, hex. */
  hash: string;
  expiresMs: number | null;
  revokedMs: number | null;
  spansPerSecond: number | null;
  spansPerDay: number | null;
}

export const everyProject = '*';

export function stateOf(
  { revokedMs, expiresMs }: Pick<SenderKey, 'revokedMs' | 'expiresMs'>,
  nowMs: number,
): 'inForce' | 'revoked' | 'expired' {
  if (revokedMs !== null) return 'revoked';
  return expiresMs !== null && expiresMs <= nowMs ? 'expired' : 'inForce';
}
