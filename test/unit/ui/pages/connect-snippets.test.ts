import { describe, expect, test } from 'vitest';
import {
  connectNames,
  keyPlaceholder,
  writeConnect,
  writeCurl,
  writeEnvironment,
  writeHeaders,
  writeOpenAi,
} from '../../../../ui/pages/settings/connect-snippets.ts';
import { listEndpoints } from '../../../../ui/pages/settings/endpoints.ts';

const endpoints = listEndpoints('http://127.0.0.1:4318');
const secret = `sg-0123456789ab-${'s'.repeat(43)}`;

test('addresses are on the machine that takes spans', () => {
  expect(endpoints).toEqual({
    otlp: 'http://127.0.0.1:4318',
    grpc: 'http://127.0.0.1:4317',
    door: 'http://127.0.0.1:4100/v1',
  });
  expect(listEndpoints('http://[::1]:9').grpc).toBe('http://[::1]:4317');
});

describe('the header', () => {
  test.each([
    [{ secret: null, project: 'default' }, null],
    [{ secret: null, project: 'my shop' }, 'x-sightglass-project=my%20shop'],
    [{ secret, project: 'shop' }, `authorization=Bearer%20${secret}`],
  ])('%#', (options, header) => expect(writeHeaders(options)).toBe(header));
});

describe.each(connectNames)('%s', (name) => {
  const write = (options: { secret: string | null; project: string }) =>
    writeConnect({ endpoints, ...options })[name].code;

  test('names the address', () => expect(write({ secret: null, project: 'default' })).toContain(endpoints.otlp));
  test('has no key in local mode', () =>
    expect(write({ secret: null, project: 'shop' })).not.toMatch(/Bearer|authorization/i));
  test('has the place of the key where one is needed', () =>
    expect(write({ secret: keyPlaceholder, project: 'shop' })).toContain(keyPlaceholder));
});

test('Langfuse gets the two parts of the key', () => {
  const { code } = writeConnect({ endpoints, secret, project: 'shop' }).Langfuse;
  expect(code).toContain('LANGFUSE_PUBLIC_KEY=0123456789ab\n');
  expect(code).toContain(`LANGFUSE_SECRET_KEY=${'s'.repeat(43)}`);
});

test('curl and openai have the whole key', () => {
  const options = { endpoints, secret, project: 'shop' };
  expect(writeCurl(options)).toContain(`-H 'authorization: Bearer ${secret}'`);
  expect(writeOpenAi(options)).toContain(`apiKey: '${secret}'`);
  expect(writeEnvironment({ ...options, secret: null, project: 'default' })).not.toContain('HEADERS');
});
