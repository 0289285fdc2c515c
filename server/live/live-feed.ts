import type { Logger } from 'pino';
import { ApiError } from '../contract/errors.ts';
import type { Db } from '../queries/db.ts';
import { ProjectFeed, type Subscriber } from './project-feed.ts';

/** Open live pages on one server. */
export const streamsMax = 64;

/** Tells the live pages what arrives: one poll a project, and none where nobody listens. */
export class LiveFeed {
  readonly #db: Db;
  readonly #log: Logger;
  readonly #projects = new Map<string, ProjectFeed>();
  readonly #closers = new Set<() => void>();

  constructor({ db, log }: { db: Db; log: Logger }) {
    this.#db = db;
    this.#log = log;
  }

  /**
   * Sends to the subscriber what arrives from now on, and before that what arrived since `sinceMs`. `onClose` is called when
   * the server stops. Gives the function that ends it. Throws `too_many_streams`.
   */
  subscribe(
    projectId: string,
    subscriber: Subscriber,
    options: { sinceMs: number | undefined; onClose: () => void },
  ): () => void {
    const { sinceMs, onClose } = options;
    if (this.#closers.size >= streamsMax) {
      throw new ApiError('too_many_streams', `this server has ${streamsMax} live pages open already; close one`);
    }
    const feed = this.#projects.get(projectId) ?? new ProjectFeed({ db: this.#db, log: this.#log, projectId });
    this.#projects.set(projectId, feed);
    this.#closers.add(onClose);
    feed.add(subscriber, sinceMs).catch((error: unknown) => {
      this.#log.warn({ projectId, err: error }, 'a live page could not catch up');
    });
    return () => {
      this.#closers.delete(onClose);
      feed.remove(subscriber);
      if (feed.isIdle && this.#projects.get(projectId) === feed) this.#projects.delete(projectId);
    };
  }

  /** Ends every stream: the server stops. */
  close(): void {
    for (const feed of this.#projects.values()) feed.close();
    for (const onClose of [...this.#closers]) onClose();
  }
}
