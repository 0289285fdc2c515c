import { getJson, send } from './client.ts';
import type { CreatedKeyReply, CreateKeyRequest, KeysReply, MeReply } from './types.ts';

/** Whether the server wants a key, and the one of this session. */
export function getMe(signal?: AbortSignal): Promise<MeReply> {
  return getJson<MeReply>('/me', {}, signal);
}

/** Begins a session: the key goes once, in a body; the browser keeps a cookie that no script reads. */
export async function signIn(key: string): Promise<void> {
  await send('/login', { method: 'POST', body: { key } });
}

/** Ends the session. */
export async function signOut(): Promise<void> {
  await send('/logout', { method: 'POST' });
}

/** Every key that may be seen, revoked ones included. */
export function listKeys(signal?: AbortSignal): Promise<KeysReply> {
  return getJson<KeysReply>('/keys', {}, signal);
}

/** Makes a key. The answer holds its secret, which nobody can read again. */
export async function createKey(body: CreateKeyRequest): Promise<CreatedKeyReply> {
  const response = await send('/keys', { method: 'POST', body });
  return (await response.json()) as CreatedKeyReply;
}

/** From then on the key opens nothing. */
export async function revokeKey(keyId: string): Promise<void> {
  await send(`/keys/${encodeURIComponent(keyId)}`, { method: 'DELETE' });
}
