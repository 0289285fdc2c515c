import type { ShownState, AlertWriter, TickStamp } from '../queries/alert-writer.ts';
import { listShownGroups, type ShownBody } from '../queries/alert-states.ts';
import type { Db } from '../queries/db.ts';

/** The group key of a rule's own row: how it was read. No group has it. */
export const wholeRuleKey = '*';

/** Writes how all groups are, for who looks; groups that are gone are taken away. Nothing is decided by it. */
export class ShownStates {
  readonly #writer: AlertWriter;
  /** What is shown, by rule and group, as it was last written; undefined: not read yet. */
  #known: Map<string, { key: Pick<ShownState, 'projectId' | 'ruleId' | 'groupKey'>; body: string }> | undefined;

  constructor(writer: AlertWriter) {
    this.#writer = writer;
  }

  async write(db: Db, stamp: TickStamp, shown: readonly ShownRow[]): Promise<void> {
    // Other servers write, too: what they left is read when this one begins, and what it takes for known may be newer.
    this.#known ??= new Map((await listShownGroups(db)).map((key) => [keyOf(key), { key, body: '' }]));
    const rows: ShownState[] = [];
    const seen = new Set<string>();
    for (const { projectId, ruleId, groupKey, body } of shown) {
      const key = { projectId, ruleId, groupKey };
      const text = JSON.stringify(body);
      seen.add(keyOf(key));
      rows.push({ ...key, state: body.state, body: text, isDeleted: false });
      this.#known.set(keyOf(key), { key, body: text });
    }
    const failed = new Set(shown.filter(({ body }) => isFailed(body)).map((row) => keyOf({ ...row, groupKey: '' })));
    for (const [text, { key }] of this.#known) {
      if (seen.has(text) || failed.has(keyOf({ ...key, groupKey: '' }))) continue;
      rows.push({ ...key, state: 'ok', body: '{}', isDeleted: true });
      this.#known.delete(text);
    }
    await this.#writer.writeStates(stamp, rows);
  }
}

/** One row to be shown. */
export interface ShownRow {
  projectId: string;
  ruleId: string;
  groupKey: string;
  body: ShownBody;
}

/** What was shown of a rule that cannot be read stays. */
function isFailed({ failure }: ShownBody): boolean {
  return failure !== undefined && failure !== null;
}

function keyOf({ projectId, ruleId, groupKey }: { projectId: string; ruleId: string; groupKey: string }): string {
  return JSON.stringify([projectId, ruleId, groupKey]);
}
