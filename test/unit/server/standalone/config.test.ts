import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { loadStandaloneConfig } from '../../../../server/standalone/config.ts';

test('has the documented defaults', () => {
  const { environment: _, ...config } = loadStandaloneConfig({});
  expect(config).toEqual({
    host: '127.0.0.1',
    port: 4000,
    otlpHttpPort: 4318,
    otlpGrpcPort: 4317,
    runtimePort: 4100,
    dataDir: resolve('.sightglass'),
    clickhouseUrl: undefined,
    clickhouseSecret: undefined,
    retention: { retentionDays: 400, contentDays: 90 },
  });
});

test('takes an empty variable as an absent one', () => {
  expect(loadStandaloneConfig({ SIGHTGLASS_PORT: '', CLICKHOUSE_URL: '' })).toMatchObject({
    port: 4000,
    clickhouseUrl: undefined,
  });
});

test('takes port 0 as any free port', () => {
  expect(loadStandaloneConfig({ SIGHTGLASS_PORT: '0' }).port).toBe(0);
});

test.each([
  ['SIGHTGLASS_PORT', 'four', 'a port from 0 to 65535'],
  ['SIGHTGLASS_PORT', '65536', 'a port from 0 to 65535'],
  ['SIGHTGLASS_OTLP_HTTP_PORT', '-1', 'a port from 0 to 65535'],
  ['SIGHTGLASS_OTLP_HTTP_PORT', '4318.5', 'a port from 0 to 65535'],
  ['SIGHTGLASS_OTLP_GRPC_PORT', '65536', 'a port from 0 to 65535'],
  ['SIGHTGLASS_HOST', '0.0.0.0', '127.0.0.1, localhost or ::1'],
  ['SIGHTGLASS_HOST', '192.168.1.5', 'needs SIGHTGLASS_AUTH=on'],
  ['SIGHTGLASS_AUTH', 'yes', 'off'],
  ['SIGHTGLASS_RETENTION_DAYS', '0', 'a number of days from 1 to 36500'],
  ['SIGHTGLASS_CONTENT_DAYS', 'forever', 'a number of days from 1 to 36500'],
  ['CLICKHOUSE_CLUSTER', 'main', 'no value'],
])('refuses %s=%s in one line that says what is allowed', (name, value, allowed) => {
  const load = () => loadStandaloneConfig({ [name]: value });
  expect(load).toThrow(`${name}=${value} is not allowed; allowed: `);
  expect(load).toThrow(allowed);
  expect(load).not.toThrow('\n');
});

test('never shows the password of a wrong CLICKHOUSE_URL', () => {
  const load = () => loadStandaloneConfig({ CLICKHOUSE_URL: 'tcp://user:hunter2@host:9000' });
  expect(load).toThrow('CLICKHOUSE_URL=… is not allowed; allowed: http(s)://user:password@host:8123/database');
});

test('names every wrong variable, each in its own line', () => {
  expect(() => loadStandaloneConfig({ SIGHTGLASS_PORT: 'x', SIGHTGLASS_AUTH: 'yes' })).toThrow(
    /^SIGHTGLASS_PORT=x .*\nSIGHTGLASS_AUTH=yes .*$/,
  );
});

test('takes any address with keys, and makes a secret for its programs at each start unless it is given one', () => {
  const on = { SIGHTGLASS_AUTH: 'on', SIGHTGLASS_HOST: '0.0.0.0' };
  const [one, other] = [loadStandaloneConfig(on), loadStandaloneConfig(on)];
  expect(one.host).toBe('0.0.0.0');
  expect(one.internalSecret).toMatch(/^[0-9a-f]{64}$/);
  expect(other.internalSecret).not.toBe(one.internalSecret);
  const given = 'x'.repeat(32);
  expect(loadStandaloneConfig({ ...on, SIGHTGLASS_INTERNAL_SECRET: given }).internalSecret).toBe(given);
  expect(loadStandaloneConfig({ SIGHTGLASS_INTERNAL_SECRET: given }).internalSecret).toBeUndefined();
  expect(() => loadStandaloneConfig({ SIGHTGLASS_INTERNAL_SECRET: 'hunter2' })).toThrow(
    /^SIGHTGLASS_INTERNAL_SECRET=… /,
  );
});
