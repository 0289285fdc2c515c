import { type ApiFailure, isAborted, toFailure } from '../api/client.ts';
import { createKey, listKeys, revokeKey } from '../api/keys.ts';
import type { CreatedKeyReply, CreateKeyRequest, ProjectKey } from '../api/types.ts';

/** The keys of the settings page, and what is done with them. */
export class KeyList {
  /** Null until there is an answer; the last one stays while the next is asked for. */
  keys: readonly ProjectKey[] | null = $state.raw(null);
  failure: ApiFailure | null = $state.raw(null);
  #controller = new AbortController();

  async load(): Promise<void> {
    this.#controller.abort();
    this.#controller = new AbortController();
    try {
      this.keys = (await listKeys(this.#controller.signal)).keys;
      this.failure = null;
    } catch (error) {
      if (!isAborted(error)) this.failure = toFailure(error);
    }
  }

  /** Throws `ApiFailure`. The new key is first in the list at once. */
  async create(request: CreateKeyRequest): Promise<CreatedKeyReply> {
    const created = await createKey(request);
    this.keys = [created.key, ...(this.keys ?? [])];
    return created;
  }

  /** Resolves with why it is still in force, or null. */
  async revoke(keyId: string): Promise<ApiFailure | null> {
    try {
      await revokeKey(keyId);
    } catch (error) {
      return toFailure(error);
    }
    await this.load();
    return null;
  }

  stop(): void {
    this.#controller.abort();
  }
}
