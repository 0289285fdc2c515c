import type { Access } from './access.ts';
import type { Db } from '../queries/db.ts';

/** What the middleware gives every handler by `c.var`. */
export interface ServerEnv {
  Variables: {
    requestId: string;
    /** The database for this request: its queries end when the client goes away. */
    db: Db;
    /** Who asks, and what they may see. */
    access: Access;
  };
}
