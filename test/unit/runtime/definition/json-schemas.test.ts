import { describe, expect, it } from 'vitest';
import { agentWith, loadFiles } from './definition-files.ts';

const load = (lines: string) => loadFiles({ 'a.yaml': agentWith(lines) });
const tool = (input: string) =>
  `tools:\n  - type: http\n    name: t\n    description: d\n    url: https://example.com\n    input: ${input}`;

describe('a schema that is none is refused before any turn needs it', () => {
  it.each([
    [
      'a type that there is not',
      'output:\n  schema:\n    type: object\n    properties:\n      n: { type: nmber }',
      'a.yaml:8: output.schema.properties.n.type is no JSON Schema: must be equal to one of the allowed values',
    ],
    [
      'a bound that is text',
      'output:\n  schema: { type: object, properties: { n: { type: number, minimum: "1" } } }',
      'a.yaml:5: output.schema.properties.n.minimum is no JSON Schema: must be number',
    ],
    [
      'a reference that leads nowhere',
      'output:\n  schema: { type: object, properties: { n: { $ref: "#/$defs/n" } } }',
      "a.yaml:5: output.schema is no JSON Schema: can't resolve reference #/$defs/n from id #",
    ],
    [
      'the input of a tool',
      tool('{ type: object, properties: { n: { enum: 1 } } }'),
      'a.yaml:9: tools[0].input.properties.n.enum is no JSON Schema: must be array',
    ],
  ])('%s', (_what, lines, fault) => {
    expect(load(lines)).toEqual({ faults: [fault] });
  });

  it.each([
    'output:\n  schema: { $schema: "http://json-schema.org/draft-07/schema#", type: object, definitions: { a: {} } }',
    'output:\n  schema: { $id: "https://example.com/x", type: object, properties: { at: { type: string, format: date } } }',
    tool('{ type: object, properties: { n: { $ref: "#/$defs/n" } }, $defs: { n: { type: number } } }'),
  ])('%s is one', (lines) => {
    expect(load(lines)).toHaveProperty('revisions');
  });
});
