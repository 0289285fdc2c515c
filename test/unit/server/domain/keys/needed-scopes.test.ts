import { expect, it } from 'vitest';
import { isApiPath, isOpenPath, neededScopes } from '../../../../../server/domain/keys/needed-scopes.ts';

it.each([
  ['GET', '/api/traces', ['read']],
  ['HEAD', '/api/live', ['read']],
  ['GET', '/api/keys', ['admin']],
  ['HEAD', '/api/keys', ['admin']],
  ['DELETE', '/api/keys/0123456789ab', ['admin']],
  ['GET', '/api/agents', ['read', 'run']],
  ['GET', '/api/agents/support/sessions/1', ['read', 'run']],
  ['POST', '/api/agents/support/chat', ['run']],
  ['GET', '/api/agent-traffic', ['read']],
  ['POST', '/api/resettlements', ['admin']],
  ['GET', '/api/budgets/0123456789ab', ['read']],
  ['PUT', '/api/budgets/0123456789ab', ['admin']],
  ['POST', '/api/budgets/check', ['run', 'ingest']],
  ['POST', '/api/budgets/resolve', ['run']],
  ['DELETE', '/api/traces/1', ['admin']],
  ['PATCH', '/api/whatever', ['admin']],
])('%s %s needs %j', (method, path, scopes) => {
  expect(neededScopes(method, path)).toEqual(scopes);
});

it('leaves open what takes a key, and what is no API', () => {
  expect(['/api/me', '/api/login', '/api/logout'].every(isOpenPath)).toBe(true);
  expect(['/api', '/api/', '/api/mex', '/api/me/', '/api/keys'].some(isOpenPath)).toBe(false);
  expect(['/', '/traces', '/healthz', '/apis'].some(isApiPath)).toBe(false);
  expect(['/api', '/api/', '/api/x'].every(isApiPath)).toBe(true);
});
