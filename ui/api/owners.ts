import { type Params, getJson, send, toSearch } from './client.ts';
import type { OwnerInput, OwnerPreviewReply, OwnerReply, OwnersReply, StatementReply } from './types.ts';

/** The rules in the order in which they are asked. */
export function listOwners(project: string, signal?: AbortSignal): Promise<OwnersReply> {
  return getJson<OwnersReply>('/owners', { project }, signal);
}

/** What a rule would match and own. */
export function previewOwner(params: Params, signal?: AbortSignal): Promise<OwnerPreviewReply> {
  return getJson<OwnerPreviewReply>('/owners/preview', params, signal);
}

export async function createOwner(project: string, body: OwnerInput): Promise<OwnerReply> {
  const response = await send(`/owners${toSearch({ project })}`, { method: 'POST', body });
  return (await response.json()) as OwnerReply;
}

/** With a version that is not the stored one it fails: `changed_meanwhile`. */
export async function changeOwner(
  key: { project: string; ownerId: string },
  body: OwnerInput & { version: number },
): Promise<OwnerReply> {
  const response = await send(pathOf(key), { method: 'PUT', body });
  return (await response.json()) as OwnerReply;
}

export async function removeOwner(key: { project: string; ownerId: string }): Promise<void> {
  await send(pathOf(key), { method: 'DELETE' });
}

/** What each cost centre spent in a month. */
export function getStatement(params: Params, signal?: AbortSignal): Promise<StatementReply> {
  return getJson<StatementReply>('/statement', params, signal);
}

/** Where the same lines are a file. */
export function statementCsvHref(params: Params): string {
  return `/api/statement.csv${toSearch(params)}`;
}

function pathOf({ project, ownerId }: { project: string; ownerId: string }): string {
  return `/owners/${encodeURIComponent(ownerId)}${toSearch({ project })}`;
}
