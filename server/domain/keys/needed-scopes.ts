import type { KeyScope } from '../../contract/keys.ts';

/**
 * Which scopes a request to the API needs, any one of them: reading is `read`, keys are `admin`, talking to agents is `run`, as
 * is asking what budgets leave for a call, and whatever else writes is `admin`, also what is not thought of here.
 */
export function neededScopes(method: string, path: string): readonly [KeyScope, ...KeyScope[]] {
  if (isBelow(path, '/api/keys')) return ['admin'];
  const isRead = method === 'GET' || method === 'HEAD';
  if (isBelow(path, '/api/agents')) return isRead ? ['read', 'run'] : ['run'];
  if (path === '/api/budgets/check') return ['run', 'ingest'];
  if (path === '/api/budgets/resolve') return ['run'];
  // Asks what a rule would have said, and changes nothing.
  if (path === '/api/alerts/backtest') return ['read'];
  return isRead ? ['read'] : ['admin'];
}

/** The files of the UI and the health of the process are for everybody. */
export function isApiPath(path: string): boolean {
  return isBelow(path, '/api');
}

/** The API needs no key at these: they tell whether one is needed, and take it. */
export function isOpenPath(path: string): boolean {
  return path === '/api/login' || path === '/api/logout' || path === '/api/me';
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
