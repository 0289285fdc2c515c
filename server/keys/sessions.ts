import { randomBytes } from 'node:crypto';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { readSession, type Session, sessionMs, signSession } from '../domain/keys/session-token.ts';

/** Logins that were ended here before their time; a server that stops forgets them. */
const endedMax = 10_000;

/** Logins of browsers: a cookie that no script reads and no other site sends, bound to a key. */
export class Sessions {
  readonly #secret: string;
  readonly #isSecure: boolean;
  readonly #nowMs: () => number;
  /** By id, when they would have ended. */
  readonly #ended = new Map<string, number>();

  constructor(options: { secret: string; publicUrl: string | undefined; nowMs: () => number }) {
    this.#secret = options.secret;
    this.#isSecure = options.publicUrl?.startsWith('https:') === true;
    this.#nowMs = options.nowMs;
  }

  begin(c: Context, keyId: string): void {
    const session = { keyId, beganMs: this.#nowMs(), id: randomBytes(16).toString('base64url') };
    setCookie(c, this.#name, signSession(session, this.#secret), {
      ...this.#attributes,
      maxAge: sessionMs / 1000,
    });
  }

  read(c: Context): Session | undefined {
    const token = getCookie(c, this.#name);
    if (token === undefined) return undefined;
    const session = readSession(token, { secret: this.#secret, nowMs: this.#nowMs() });
    return session === undefined || this.#ended.has(session.id) ? undefined : session;
  }

  end(c: Context): void {
    const session = this.read(c);
    if (session !== undefined) this.#remember(session);
    deleteCookie(c, this.#name, this.#attributes);
  }

  get #name(): string {
    return this.#isSecure ? '__Host-sightglass' : 'sightglass';
  }

  get #attributes() {
    return { path: '/', httpOnly: true, sameSite: 'Strict', secure: this.#isSecure } as const;
  }

  #remember({ id, beganMs }: Session): void {
    for (const [ended, untilMs] of this.#ended) {
      if (untilMs > this.#nowMs() && this.#ended.size < endedMax) break;
      this.#ended.delete(ended);
    }
    this.#ended.set(id, beganMs + sessionMs);
  }
}
