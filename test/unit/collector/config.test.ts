import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from '../../../collector/config.ts';

const url = 'http://user:secret@127.0.0.1:8123/sightglass';

describe('loadConfig', () => {
  it('has the defaults of the contract', () => {
    expect(loadConfig({ CLICKHOUSE_URL: url, SIGHTGLASS_OTLP_HTTP_PORT: '' })).toEqual({
      host: '127.0.0.1',
      httpPort: 4318,
      grpcPort: 4317,
      retentionDays: 400,
      dataDir: resolve('.sightglass'),
      spoolMaxBytes: 10 * 1024 ** 3,
      clickhouseUrl: url,
      clickhouseSecret: undefined,
    });
  });

  it.each([
    [{ SIGHTGLASS_OTLP_HTTP_PORT: '70000' }, /^SIGHTGLASS_OTLP_HTTP_PORT=70000 is not allowed; allowed: a port/],
    [{ SIGHTGLASS_OTLP_HTTP_PORT: '4318x' }, /^SIGHTGLASS_OTLP_HTTP_PORT=4318x is not allowed/],
    [{ SIGHTGLASS_OTLP_GRPC_PORT: 'x' }, /^SIGHTGLASS_OTLP_GRPC_PORT=x is not allowed; allowed: a port/],
    [{ SIGHTGLASS_HOST: '0.0.0.0' }, /^SIGHTGLASS_HOST=0.0.0.0 is not allowed; allowed: a loopback address/],
    [{ SIGHTGLASS_AUTH: 'yes' }, /^SIGHTGLASS_AUTH=yes is not allowed; allowed: off, or on/],
    [{ SIGHTGLASS_AUTH: 'on' }, /^SIGHTGLASS_INTERNAL_SECRET is not set; allowed: 32 to 500 characters/],
    [{ SIGHTGLASS_INTERNAL_SECRET: 'short' }, /^SIGHTGLASS_INTERNAL_SECRET=… is not allowed/],
    [{ SIGHTGLASS_RETENTION_DAYS: '0' }, /^SIGHTGLASS_RETENTION_DAYS=0 is not allowed/],
    [
      { SIGHTGLASS_SPOOL_MAX_BYTES: '10 GiB' },
      /^SIGHTGLASS_SPOOL_MAX_BYTES=10 GiB is not allowed; allowed: a number of/,
    ],
    [{ SIGHTGLASS_SPOOL_MAX_BYTES: '1000' }, /^SIGHTGLASS_SPOOL_MAX_BYTES=1000 is not allowed/],
    [{ CLICKHOUSE_CLUSTER: 'c' }, /^CLICKHOUSE_CLUSTER=c is not allowed/],
    [{ CLICKHOUSE_URL: '' }, /^CLICKHOUSE_URL is not set; allowed: http/],
  ])('refuses %j with one line', (given, line) => {
    const load = () => loadConfig({ CLICKHOUSE_URL: url, ...given });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(line);
  });

  it('does not show a password', () => {
    expect(() => loadConfig({ CLICKHOUSE_URL: 'ftp://user:secret@host' })).toThrow(/^CLICKHOUSE_URL=… is not allowed/);
  });
});
