import type { KeyScope, MeReply } from '../contract/keys.ts';

/** Who asks, and what they may see. */
export interface Access {
  auth: 'off' | 'on';
  /** Null: no key is needed, or the request may do without. */
  key: MeReply['key'];
  /** The one project that may be named; undefined: any. */
  projectId: string | undefined;
  /** Who, for the audit. */
  actor: string;
  scopes: readonly KeyScope[];
  /** Calls when the key is no longer in force; what is returned ends the watching. */
  onEnd: (end: () => void) => () => void;
}

/** Local mode: everything is allowed, from this machine. */
export const localAccess: Access = {
  ...{ auth: 'off', key: null, projectId: undefined, actor: 'api', scopes: ['ingest', 'read', 'run', 'admin'] },
  onEnd: () => () => undefined,
};
