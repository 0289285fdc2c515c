import type { OwnerMatcher } from '../domain/owners/owner-rule.ts';
import type { Db } from '../queries/db.ts';
import { listOwnerRules } from '../queries/owners.ts';

/** Who pays for what in each project, read once. */
export class Owners {
  readonly #db: Db;
  readonly #read = new Map<string, Promise<readonly OwnerMatcher[]>>();

  constructor(db: Db) {
    this.#db = db;
  }

  async of(projectId: string): Promise<readonly OwnerMatcher[]> {
    const known = this.#read.get(projectId) ?? listOwnerRules(this.#db, projectId);
    this.#read.set(projectId, known);
    return known;
  }
}
