import type { Db } from '../queries/db.ts';
import { type OwnerColumns, ownerColumns } from '../queries/owner-sql.ts';
import { listOwnerRules } from '../queries/owners.ts';

/** Who pays for what in each project, read once. */
export class Owners {
  readonly #db: Db;
  readonly #read = new Map<string, Promise<OwnerColumns>>();

  constructor(db: Db) {
    this.#db = db;
  }

  async columnsOf(projectId: string): Promise<OwnerColumns> {
    const known = this.#read.get(projectId) ?? listOwnerRules(this.#db, projectId).then((rules) => ownerColumns(rules));
    this.#read.set(projectId, known);
    return known;
  }
}
