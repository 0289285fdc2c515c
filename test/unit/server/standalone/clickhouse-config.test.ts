import { expect, test } from 'vitest';
import {
  chooseMemoryBytes,
  findSecrets,
  renderServerConfig,
  renderUsersConfig,
} from '../../../../server/standalone/clickhouse-config.ts';

const gibibyte = 1024 ** 3;
const config = { secret: 'open sesame', user: 'sightglass', password: 'a<b&c', memoryBytes: gibibyte, cores: 2 };

test('takes a part of the memory, within bounds', () => {
  expect(chooseMemoryBytes(4 * gibibyte, 8 * gibibyte)).toBe(Math.round(1.6 * gibibyte));
  expect(chooseMemoryBytes(gibibyte, 8 * gibibyte)).toBe(gibibyte);
  expect(chooseMemoryBytes(512 * gibibyte, 512 * gibibyte)).toBe(8 * gibibyte);
});

test('goes by the machine where the container sets no limit', () => {
  expect(chooseMemoryBytes(Number.MAX_SAFE_INTEGER, 4 * gibibyte)).toBe(Math.round(1.6 * gibibyte));
  expect(chooseMemoryBytes(0, 4 * gibibyte)).toBe(Math.round(1.6 * gibibyte));
});

test('has one door, which asks for the secret', () => {
  const text = renderServerConfig(config);
  expect(text.match(/<rule>/g)).toHaveLength(1);
  expect(text).toContain('<x-sightglass-secret>open sesame</x-sightglass-secret>');
  expect(text).not.toContain('tcp_port');
});

test('keeps no system log tables', () => {
  expect(renderServerConfig(config)).not.toMatch(/<\w+_log>/);
});

test('escapes what XML gives a meaning', () => {
  expect(renderUsersConfig(config)).toContain('<password>a&lt;b&amp;c</password>');
});

test('gives neither user a way out of the database, but for the file that the bootstrap session needs', () => {
  const [bootstrap = '', application = ''] = renderUsersConfig(config).split('<sightglass>');
  expect(bootstrap.match(/GRANT [^<]*/g)).toEqual([
    'GRANT SYSTEM LISTEN ON *.*',
    'GRANT FILE ON *.*',
    'GRANT CREATE TEMPORARY TABLE ON *.*',
  ]);
  expect(application).not.toMatch(/FILE|URL|REMOTE|S3|SOURCES/);
});

test('secret and password are found again in what was written for the server', () => {
  const files = { server: renderServerConfig(config), users: renderUsersConfig(config) };
  expect(findSecrets(files, 'sightglass')).toEqual({ secret: 'open sesame', password: 'a<b&c' });
  expect(findSecrets({ ...files, users: '' }, 'sightglass')).toBeUndefined();
});
