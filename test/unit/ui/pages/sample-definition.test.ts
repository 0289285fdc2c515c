import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { agentSchema } from '../../../../runtime/definition/schema.ts';
import { sampleDefinition } from '../../../../ui/pages/agents/sample-definition.ts';

test('the definition that the page shows is one', () => {
  const { name, model } = agentSchema.parse(parse(sampleDefinition));
  expect(name).toBe('hello');
  expect(model.map((one) => one.model)).toEqual(['simulated/quick']);
});
