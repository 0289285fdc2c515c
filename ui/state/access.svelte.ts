import { createContext } from 'svelte';
import { type ApiFailure, onUnauthorized, toFailure } from '../api/client.ts';
import { getMe, signIn, signOut } from '../api/keys.ts';
import type { KeyScope, MeReply } from '../api/types.ts';

/** As a key says that it is of all. */
export const everyProject = '*';

type OwnKey = NonNullable<MeReply['key']>;

/** Who looks, and what the server lets them do: asked once, then told by every answer `401`. No key is kept here. */
export class Access {
  /** `asking` until the server has said whether it wants a key; `closed` while it wants one and has none. */
  state: 'asking' | 'open' | 'closed' = $state('asking');
  /** Null where the server did not say. */
  auth: MeReply['auth'] | null = $state(null);
  /** The key one is signed in with. */
  key: OwnKey | null = $state.raw(null);
  /** The project that the key is of; null where it is of all, or nobody asks. */
  readonly ownProject: string | null = $derived(
    this.key === null || this.key.projectId === everyProject ? null : this.key.projectId,
  );
  /** The name of the key whose session ended while one worked. */
  endedName: string | null = $state(null);
  /** Another number after each login: what the last one saw is asked for anew. */
  visit = $state(0);

  /** Asks who looks, and listens for the end of the session, until the returned function is called. */
  start(): () => void {
    void this.#ask();
    const onshow = () => {
      if (!document.hidden) void this.check();
    };
    const stopListening = onUnauthorized(() => this.#close());
    document.addEventListener('visibilitychange', onshow);
    return () => {
      stopListening();
      document.removeEventListener('visibilitychange', onshow);
    };
  }

  /** The scope that the key has not; null where it may, or nobody asks. */
  missing(scope: KeyScope): KeyScope | null {
    if (this.auth !== 'on' || this.key === null) return null;
    return this.key.scopes.includes(scope) ? null : scope;
  }

  /** Asks again where something looks like the end of the session: a stream that broke, a page that was away. */
  async check(): Promise<void> {
    if (this.auth === 'on' && this.state === 'open') await this.#ask();
  }

  /** Resolves with why it did not work, or null. */
  async signIn(secret: string): Promise<ApiFailure | null> {
    try {
      await signIn(secret);
      await this.#ask();
      return null;
    } catch (error) {
      return toFailure(error);
    }
  }

  /** Ends the session here; where the server does not answer, the page is closed all the same. */
  async signOut(): Promise<ApiFailure | null> {
    try {
      await signOut();
    } catch (error) {
      return toFailure(error);
    }
    this.#forget();
    return null;
  }

  async #ask(): Promise<void> {
    try {
      const { auth, key } = await getMe();
      if (auth === 'on' && key === null) {
        this.auth = auth;
        this.#close();
        return;
      }
      this.auth = auth;
      if (JSON.stringify(this.key) !== JSON.stringify(key)) this.key = key;
    } catch {
      // The page's own requests meet the same trouble and show it.
    }
    this.#open();
  }

  #open(): void {
    if (this.state === 'closed') this.visit += 1;
    this.endedName = null;
    this.state = 'open';
  }

  #close(): void {
    this.endedName ??= this.key?.name ?? null;
    this.key = null;
    this.state = 'closed';
  }

  #forget(): void {
    this.key = null;
    this.endedName = null;
    this.state = 'closed';
  }
}

export const [getAccess, setAccess] = createContext<Access>();
