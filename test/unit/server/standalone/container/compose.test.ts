import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { repositoryDir } from '../../../../support/program.ts';

const service = z.object({
  image: z.string(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()),
  ports: z.array(z.string()).default([]),
  read_only: z.boolean().default(false),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
});
const text = read('compose.yaml');
const { services } = z.object({ services: z.record(z.string(), service) }).parse(parse(text, { merge: true }));
const ours = ['migrate', 'collector', 'server', 'runtime'];
/** `${NAME`, and what follows it up to the brace. */
const variables = [...text.matchAll(/\$\{([A-Z_]+)([^}]*)\}/g)].map(([, name = '', rest = '']) => ({ name, rest }));

describe('compose.yaml', () => {
  it('tells the programs only what they know', () => {
    const known = ['collector', 'runtime', 'server', 'server/standalone']
      .map((dir) => read(join(dir, 'config.ts')))
      .join();
    const providers = read('runtime/models/adapters.ts');
    for (const name of ours) {
      for (const variable of Object.keys(services[name]?.environment ?? {})) {
        const isKnown = new RegExp(`\\b${variable}\\b`).test(known) || providers.includes(variable);
        expect(isKnown, `${variable} of ${name}`).toBe(true);
      }
    }
  });

  it('has no password in it, and no default for one', () => {
    const secrets = variables.filter(({ name }) => /PASSWORD|SECRET/.test(name));
    expect(new Set(secrets.map(({ name }) => name)).size).toBe(3);
    for (const { name, rest } of secrets) expect(`${name}${rest}`).toBe(`${name}:?is not set in .env`);
  });

  it('has every variable in the example of .env, secrets without a value', () => {
    const example = read('.env.example');
    for (const { name, rest } of variables) {
      expect(example).toMatch(new RegExp(rest.startsWith(':?') ? `^${name}=$` : `^#${name}=`, 'm'));
    }
  });

  it('opens ports on loopback only, unless it is told otherwise', () => {
    const ports = Object.values(services).flatMap(({ ports }) => ports);
    expect(ports.toSorted()).toEqual(
      [4000, 4100, 4317, 4318].map((port) => `\${SIGHTGLASS_BIND:-127.0.0.1}:${port}:${port}`),
    );
  });

  it('runs one image, with a root that cannot be written, once the database is migrated', () => {
    for (const name of ours) {
      expect(services[name]?.command).toEqual([name]);
      expect(services[name]?.image).toBe(services['migrate']?.image);
      expect(services[name]?.read_only).toBe(true);
    }
    for (const name of ['collector', 'server']) {
      expect(services[name]?.depends_on['migrate']?.condition).toBe('service_completed_successfully');
    }
  });

  it('pins the images of others', () => {
    for (const name of ['clickhouse', 'redis']) expect(services[name]?.image).toMatch(/:\d+\.\d+/);
  });
});

function read(path: string): string {
  return readFileSync(join(repositoryDir, path), 'utf8');
}
