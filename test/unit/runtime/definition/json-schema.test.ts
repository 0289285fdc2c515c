import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { agentJsonSchema } from '../../../../runtime/definition/schema.ts';

const examples = join(import.meta.dirname, '../../../../runtime/examples');
const schema = z.fromJSONSchema(agentJsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);

it.each(readdirSync(examples).filter((name) => name.endsWith('.yaml')))('takes the sample %s', (name) => {
  const content = parse(readFileSync(join(examples, name), 'utf8')) as unknown;
  expect(schema.safeParse(content).error).toBeUndefined();
});

it('refuses what the loader refuses: unknown keys, wrong values, missing ones', () => {
  const good = { name: 'a', instructions: 'x', model: ['simulated/x'] };
  expect(schema.safeParse(good).success).toBe(true);
  const bad = [{ tolls: [] }, { capture: 'ful' }, { model: 7 }, { limits: { maxSteps: 0 } }, { name: undefined }];
  for (const part of bad) expect(schema.safeParse({ ...good, ...part }).success).toBe(false);
});

it('explains itself to an editor', () => {
  const { properties } = agentJsonSchema() as { properties: Record<string, { description?: string }> };
  const unexplained = Object.keys(properties).filter((key) => properties[key]?.description === undefined);
  expect(unexplained).toEqual([]);
});
