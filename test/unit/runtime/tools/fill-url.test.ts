import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addQuery, fillUrl, readUrlTemplate } from '../../../../runtime/tools/fill-url.ts';

function fill(declared: string, input: Record<string, unknown>, environment: NodeJS.ProcessEnv = {}) {
  const template = readUrlTemplate(declared, environment);
  if (template === undefined) throw new Error('no template');
  const filled = fillUrl(template, input);
  return 'fault' in filled ? filled.fault : { url: filled.url.href, rest: filled.rest };
}

it('fills in parts and leaves the rest of the input', () => {
  expect(fill('https://x.example/orders/{id}/items?lang={lang}', { id: '7', lang: 'de', page: 2 })).toEqual({
    url: 'https://x.example/orders/7/items?lang=de',
    rest: { page: 2 },
  });
});

it('fills in references, whose braces are no parts', () => {
  const environment = { SHOP: 'http://shop.example/{v}', EMPTY: '' };
  expect(fill('${env:SHOP}/orders/{v}?k=${env:EMPTY:-none}', { v: 1 }, environment)).toEqual({
    url: 'http://shop.example/%7Bv%7D/orders/1?k=none',
    rest: {},
  });
});

it.each([
  ['a/b', 'a%2Fb'],
  ['?admin=1', '%3Fadmin%3D1'],
  ['x#y', 'x%23y'],
  ['a&b=c', 'a%26b%3Dc'],
  ['@evil.example', '%40evil.example'],
  ['\r\nX-Evil: 1', '%0D%0AX-Evil%3A%201'],
  ['%41', '%2541'],
  ['\u0000', '%00'],
  ['\ud800', '%EF%BF%BD'],
  ['a..b', 'a..b'],
  ['...', '...'],
  ['über', '%C3%BCber'],
  [true, 'true'],
  [1.5, '1.5'],
])('encodes %j as a part of a path', (id, encoded) => {
  expect(fill('https://x.example/o/{id}/z', { id })).toEqual({ url: `https://x.example/o/${encoded}/z`, rest: {} });
});

it.each(['..', '.', '../admin', 'a/../../b', 'a\\..\\b', '%2e%2e', '%2E%2e%2Fadmin', 'a%5c..%5cb', './x', 'x/..'])(
  'refuses %j, which would climb up the path',
  (id) => {
    expect(fill('https://x.example/o/{id}/z', { id })).toBe('id must not hold . or .. as a part of a path');
  },
);

it.each([
  [{ id: '' }, 'id must not be empty'],
  [{}, 'id must be text or a number'],
  [{ id: null }, 'id must be text or a number'],
  [{ id: ['7'] }, 'id must be text or a number'],
  [{ id: { a: 1 } }, 'id must be text or a number'],
  [{ id: 'x'.repeat(9_000) }, 'the input is too long for an address'],
])('refuses %j in a path', (input, fault) => {
  expect(fill('https://x.example/o/{id}', input)).toBe(fault);
});

it('lets a value climb or be empty in the query, where that means nothing', () => {
  expect(fill('https://x.example/?q={q}', { q: '../a b&c=d' })).toMatchObject({
    url: 'https://x.example/?q=..%2Fa%20b%26c%3Dd',
  });
  expect(fill('https://x.example/?q={q}', { q: '' })).toMatchObject({ url: 'https://x.example/?q=' });
});

it.each(['evil.example', 'a.evil.example#', 'x@evil.example', 'x/evil', 'x:80', '', 'ⓔvil', '%2e'])(
  'refuses %j as a part of a host name',
  (region) => {
    expect(fill('https://{region}.api.example/v1', { region })).toMatch(/^region must/);
  },
);

it('fills in hosts, where the definition leaves them open', () => {
  expect(fill('https://{region}.api.example/v1', { region: 'eu-1' })).toMatchObject({
    url: 'https://eu-1.api.example/v1',
  });
  expect(fill('https://{host}/v1', { host: 'a.example' })).toMatchObject({ url: 'https://a.example/v1' });
  expect(fill('https://{host}:8443/v1', { host: 'x@a.example' })).toBe('host must be a host name');
});

it('takes only http and https for addresses', () => {
  expect(readUrlTemplate('${env:URL}/x', { URL: 'file:///etc' })).toBeUndefined();
  expect(readUrlTemplate('${env:URL}/x', {})).toBeUndefined();
  expect(readUrlTemplate('${env:URL}/x', { URL: 'https://x.example' })).toBeDefined();
});

it('puts what is left into the query without touching what is there', () => {
  const url = new URL('https://x.example/a?q=a%20b');
  expect(addQuery(url, { tags: ['x', 'y&z'], n: 1, none: null, deep: { a: 1 }, 'k=': '' })?.href).toBe(
    'https://x.example/a?q=a%20b&tags=x&tags=y%26z&n=1&deep=%7B%22a%22%3A1%7D&k%3D=',
  );
  expect(addQuery(url, {})?.href).toBe(url.href);
  expect(addQuery(url, { long: 'x'.repeat(9_000) })).toBeUndefined();
});

it('whatever a value is, the address keeps its place and its form, or the value is refused', () => {
  const template = readUrlTemplate('https://user@x.example:8443/a/{one}/b-{two}.json?q={q}#f', {});
  const hostile = fc.constantFrom(
    '..',
    '.',
    '/',
    '\\',
    '%2e',
    '%2F',
    '?',
    '#',
    '@',
    ':',
    '&',
    '\0',
    '\r\n',
    ' ',
    'ü',
    '\ud800',
  );
  const value = fc
    .array(fc.oneof(hostile, fc.string({ unit: 'binary' })), { maxLength: 6 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(value, value, value, (one, two, q) => {
      if (template === undefined) throw new Error('no template');
      const filled = fillUrl(template, { one, two, q });
      if ('fault' in filled) return;
      const { host, username, hash, pathname, searchParams } = filled.url;
      expect({ host, username, hash }).toEqual({ host: 'x.example:8443', username: 'user', hash: '#f' });
      const [empty, a, first = '', second = '', ...more] = pathname.split('/');
      expect([empty, a, decodeURIComponent(first), decodeURIComponent(second), ...more]).toEqual([
        '',
        'a',
        one.toWellFormed(),
        `b-${two.toWellFormed()}.json`,
      ]);
      expect([...searchParams]).toEqual([['q', q.toWellFormed()]]);
    }),
    { numRuns: 500 },
  );
});
