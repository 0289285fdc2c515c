import { type OwnerRule, ownerInput } from '../contract/owners.ts';
import { sortOwnerRules } from '../domain/owners/owner-rule.ts';
import { type ConfigurationObject, findObject, listObjects } from './configuration.ts';
import type { Db } from './db.ts';

/** The rules of a project in the order in which they are asked. */
export async function listOwnerRules(db: Db, projectId: string): Promise<OwnerRule[]> {
  const objects = await listObjects(db, { objectType: 'owner', projectId });
  return sortOwnerRules(objects.map(toOwnerRule));
}

/** Undefined: the project has no such rule. */
export async function findOwnerRule(
  db: Db,
  { projectId, ownerId }: { projectId: string; ownerId: string },
): Promise<OwnerRule | undefined> {
  const object = await findObject(db, { objectType: 'owner', projectId, objectId: ownerId });
  return object === undefined ? undefined : toOwnerRule(object);
}

/** Rules are written through the API alone, which has checked them. */
export function toOwnerRule({ objectId, body, version, author, updatedAtMs }: ConfigurationObject): OwnerRule {
  const rule = ownerInput.parse(body);
  return { ownerId: objectId, ...rule, version, author, updatedUnixNano: `${updatedAtMs}000000` };
}
