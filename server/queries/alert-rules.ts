import { z } from 'zod';
import { alertRuleInput } from '../contract/alert-rules.ts';
import type { StoredRule } from '../domain/alerts/stored-rule.ts';
import { type ConfigurationObject, findObject, listObjects } from './configuration.ts';
import type { Db } from './db.ts';

/** By project and id; of all projects, where none is given. A rule that another release wrote differently is left out. */
export async function listRules(db: Db, projectId?: string): Promise<StoredRule[]> {
  const objects = await listObjects(db, { objectType: 'rule', projectId });
  return objects.flatMap((object) => toRule(object) ?? []);
}

export async function findRule(
  db: Db,
  { projectId, ruleId }: { projectId: string; ruleId: string },
): Promise<StoredRule | undefined> {
  const object = await findObject(db, { objectType: 'rule', projectId, objectId: ruleId });
  return object === undefined ? undefined : toRule(object);
}

export function toRule({ projectId, objectId, version, author, updatedAtMs, body }: ConfigurationObject) {
  const parsed = alertRuleInput.safeParse(body);
  if (!parsed.success) return undefined;
  return { ruleId: objectId, projectId, version, author, updatedAtMs, input: parsed.data } satisfies StoredRule;
}

const mute = z.object({
  kind: z.enum(['silence', 'acknowledgement']),
  ruleId: z.string(),
  /** null: all groups of the rule. */
  groupKey: z.string().nullable(),
  /** Of a silence: until when. Of an acknowledgement: which firing, by when it began. */
  atMs: z.number(),
});
type MuteBody = z.infer<typeof mute>;

export interface StoredMute extends MuteBody {
  projectId: string;
  author: string;
}

/** What somebody said about rules: that they want to hear nothing for a while, or that they look after it. */
export async function listMutes(db: Db, projectId?: string): Promise<StoredMute[]> {
  const objects = await listObjects(db, { objectType: 'silence', projectId });
  return objects.flatMap(({ body, author, projectId: ofProject }) => {
    const parsed = mute.safeParse(body);
    return parsed.success ? [{ ...parsed.data, author, projectId: ofProject }] : [];
  });
}
