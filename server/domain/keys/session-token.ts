import { createHmac, timingSafeEqual } from 'node:crypto';

/** A login lasts so long, whatever is done with it. */
export const sessionMs = 12 * 3_600_000;
const form = /^([0-9a-f]{12})\.([0-9a-z]{1,12})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/;

/** What a login is: bound to a key, begun at a time; `id` tells it from others of the same key. */
export interface Session {
  keyId: string;
  beganMs: number;
  /** 128 random bits, base64url. */
  id: string;
}

/** The value of the cookie; without the installation's secret nobody can make one. */
export function signSession(session: Session, secret: string): string {
  const text = `${session.keyId}.${session.beganMs.toString(36)}.${session.id}`;
  return `${text}.${sign(text, secret)}`;
}

/** Undefined: not made by us, or its time is over. */
export function readSession(token: string, { secret, nowMs }: { secret: string; nowMs: number }): Session | undefined {
  const [, keyId, began, id, mac] = form.exec(token) ?? [];
  if (keyId === undefined || began === undefined || id === undefined || mac === undefined) return undefined;
  const expected = sign(`${keyId}.${began}.${id}`, secret);
  if (!timingSafeEqual(Buffer.from(expected), Buffer.from(mac))) return undefined;
  const beganMs = Number.parseInt(began, 36);
  return nowMs - beganMs < sessionMs ? { keyId, beganMs, id } : undefined;
}

function sign(text: string, secret: string): string {
  return createHmac('sha256', secret).update(`sightglass session ${text}`).digest('base64url');
}
