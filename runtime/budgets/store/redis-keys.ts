/** All that is kept of one project lies in one hash tag: a script may use all of it in a cluster, too, and projects spread over it. */
export function budgetKeys(project: string): string[] {
  const tag = `{sg:budgets:${encodeURIComponent(project.toWellFormed())}}`;
  const names = ['spent', 'asof', 'reserved', 'pending', 'used', 'calls', 'due', 'asked', 'refused'];
  return names.map((name) => `${tag}:${name}`);
}

/** Project -> when a call of it was last reserved, give or take a minute. Elsewhere than these: it is written first, and may name too much. */
export const projectsKey = '{sg:budgets}:projects';

/** The field of an account in one window. */
export function accountField({ accountId, windowKey }: { accountId: string; windowKey: string }): string {
  return JSON.stringify([accountId, windowKey]);
}

export function readAccountField(field: string): { accountId: string; windowKey: string } {
  const [accountId = '', windowKey = ''] = JSON.parse(field) as string[];
  return { accountId, windowKey };
}
