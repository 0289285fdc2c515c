import { expect, test } from 'vitest';
import { ApiFailure, isAborted, toFailure, toSearch } from '../../../../ui/api/client.ts';

test('parameters repeat lists and leave out what is empty', () => {
  expect(toSearch({ project: 'p', agent: ['a b', 'c'], q: '', cursor: null, limit: 100, to: undefined })).toBe(
    '?project=p&agent=a+b&agent=c&limit=100',
  );
  expect(toSearch({})).toBe('');
});

test('a request given up is no failure', () => {
  expect(isAborted(new DOMException('left the page', 'AbortError'))).toBe(true);
  expect(isAborted(new Error('AbortError'))).toBe(false);
});

test('anything thrown can be shown', () => {
  const failure = new ApiFailure({ code: 'query_timeout', message: 'Too long.', status: 504, requestId: 'r1' });
  expect(toFailure(failure)).toBe(failure);
  expect(toFailure(new TypeError('no'))).toMatchObject({ code: 'bad_reply', message: 'no', requestId: null });
  expect(toFailure('odd').message).toBe('odd');
});
