import { describe, expect, test } from 'vitest';
import { checkTypedKey, describeSignIn, readTarget } from '../../../../ui/pages/settings/login-words.ts';

describe('what is typed as a key', () => {
  test.each([
    ['', 'Paste a key first.'],
    ['  ', 'Paste a key first.'],
    ['sg_1 sg_2', 'A key has no spaces and is one line: was more than the key pasted?'],
    ['  sg_1\n', null],
  ])('%j is answered %j', (typed, answer) => expect(checkTypedKey(typed)).toBe(answer));
});

describe('a key that does not open', () => {
  test.each([
    [{ code: 'unauthorized', status: 401, message: 'the key 0123 was revoked' }, 'The key 0123 was revoked.'],
    [
      { code: 'forbidden', status: 403, message: 'to sign in a key needs scope read' },
      'To sign in a key needs scope read.',
    ],
    [{ code: 'unreachable', status: null, message: 'The server does not answer.' }, 'The server does not answer.'],
    [{ code: 'internal', status: 500, message: 'a bug' }, 'The key could not be checked: a bug.'],
  ])('%j is explained as %j', (failure, words) => expect(describeSignIn(failure)).toBe(words));
});

describe('where one was going', () => {
  test.each([
    ['/', null],
    ['/traces', null],
    ['/traces?agent=support', '/traces?agent=support'],
    ['/agents/Caf%C3%A9', '/agents/Café'],
    ['/agents/%', '/agents/%'],
    [`/traces?q=${'x'.repeat(80)}`, '/traces?…'],
  ])('%s is shown as %s', (path, words) => expect(readTarget(new URL(path, 'http://127.0.0.1'))).toBe(words));
});
