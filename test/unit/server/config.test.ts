import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from '../../../server/config.ts';

const base = { CLICKHOUSE_URL: 'http://app:secret@127.0.0.1:8123/sightglass' };

describe('the server’s configuration', () => {
  it('has defaults for everything but the database', () => {
    expect(loadConfig(base)).toEqual({
      host: '127.0.0.1',
      port: 4000,
      publicUrl: undefined,
      runtimeUrl: undefined,
      clickhouseUrl: base.CLICKHOUSE_URL,
      clickhouseSecret: undefined,
      pricesFile: undefined,
      allowsPrivateTargets: false,
    });
  });

  it('takes an empty variable for an absent one', () => {
    expect(loadConfig({ ...base, SIGHTGLASS_PORT: '', SIGHTGLASS_PUBLIC_URL: '' }).port).toBe(4000);
  });

  it('reads what is set', () => {
    const config = loadConfig({
      ...base,
      SIGHTGLASS_HOST: '::1',
      SIGHTGLASS_PORT: '0',
      SIGHTGLASS_AUTH: 'off',
      SIGHTGLASS_PUBLIC_URL: 'https://traces.example/',
      SIGHTGLASS_CLICKHOUSE_SECRET: 's',
      SIGHTGLASS_PRICES_FILE: 'prices.json',
      SIGHTGLASS_PRIVATE_TARGETS: 'on',
    });
    expect(config).toMatchObject({ host: '::1', port: 0, publicUrl: 'https://traces.example' });
    expect(config).toMatchObject({ clickhouseSecret: 's', pricesFile: 'prices.json', allowsPrivateTargets: true });
  });

  it.each([
    ['SIGHTGLASS_HOST', '0.0.0.0', 'SIGHTGLASS_HOST=0.0.0.0 is not allowed; allowed: a loopback address'],
    ['SIGHTGLASS_PORT', '65536', 'SIGHTGLASS_PORT=65536 is not allowed; allowed: a port from 0 to 65535'],
    ['SIGHTGLASS_PORT', '-1', 'SIGHTGLASS_PORT=-1 is not allowed'],
    ['SIGHTGLASS_AUTH', 'yes', 'SIGHTGLASS_AUTH=yes is not allowed; allowed: off, or on'],
    ['SIGHTGLASS_AUTH', 'on', 'SIGHTGLASS_INTERNAL_SECRET is not set; allowed: 32 to 500 characters'],
    ['SIGHTGLASS_PRIVATE_TARGETS', 'yes', 'SIGHTGLASS_PRIVATE_TARGETS=yes is not allowed; allowed: off, or on'],
    ['SIGHTGLASS_INTERNAL_SECRET', 'short secret', 'SIGHTGLASS_INTERNAL_SECRET=… is not allowed'],
    ['SIGHTGLASS_PUBLIC_URL', 'traces', 'SIGHTGLASS_PUBLIC_URL=traces is not allowed; allowed: an http or https URL'],
    [
      'SIGHTGLASS_RUNTIME_URL',
      'agents:1',
      'SIGHTGLASS_RUNTIME_URL=agents:1 is not allowed; allowed: an http or https URL',
    ],
    ['CLICKHOUSE_CLUSTER', 'c', 'CLICKHOUSE_CLUSTER=c is not allowed; allowed: no value'],
    ['CLICKHOUSE_URL', 'tcp://app:secret@x', 'CLICKHOUSE_URL=… is not allowed; allowed: http(s)://'],
    ['CLICKHOUSE_URL', '', 'CLICKHOUSE_URL is not set; allowed: http(s)://'],
  ])('refuses %s=%s in one line', (name, value, line) => {
    const error = errorOf({ ...base, [name]: value });
    expect(error.lines).toHaveLength(1);
    expect(error.message).toContain(line);
    expect(error.message).not.toContain('secret');
  });

  it('takes any address with keys', () => {
    const secret = 'x'.repeat(32);
    const on = { ...base, SIGHTGLASS_AUTH: 'on', SIGHTGLASS_INTERNAL_SECRET: secret, SIGHTGLASS_HOST: '0.0.0.0' };
    expect(loadConfig(on)).toMatchObject({ host: '0.0.0.0', internalSecret: secret });
  });

  it('names every wrong variable', () => {
    expect(errorOf({ ...base, SIGHTGLASS_PORT: 'x', SIGHTGLASS_AUTH: 'maybe' }).lines).toHaveLength(2);
  });
});

function errorOf(env: NodeJS.ProcessEnv): ConfigError {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
  }
  throw new Error('the configuration was accepted');
}
