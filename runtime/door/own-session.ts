import type { Session } from '../sessions/record.ts';

/** Whether a session may be seen by a request of a project; undefined is the default one, as it is of a session. */
export function isOfProject({ project = 'default' }: Pick<Session, 'project'>, asking: string | undefined): boolean {
  return project === (asking ?? 'default');
}
