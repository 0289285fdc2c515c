import type { Logger } from 'pino';
import type { Db } from '../queries/db.ts';

export class LiveFeed {
  constructor(_: { db: Db; log: Logger }) {}
  close(): void {}
}
