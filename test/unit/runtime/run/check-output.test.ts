import { describe, expect, test } from 'vitest';
import { checkOutput, describeRepair } from '../../../../runtime/run/check-output.ts';

const schema = {
  type: 'object',
  properties: { n: { type: 'number' }, tags: { type: 'array', items: { type: 'string' } } },
  required: ['n'],
  additionalProperties: false,
};

describe('an answer of the form', () => {
  test.each([
    ['{"n": 1}', '{"n": 1}'],
    ['  {"n": 1}\n', '{"n": 1}'],
    ['```json\n{"n": 1}\n```', '{"n": 1}'],
    ['```\n{"n":\n1}\n```', '{"n":\n1}'],
    ['```JSON  \n{"n": 1}```', '{"n": 1}'],
  ])('%j is %j', (answer, text) => {
    expect(checkOutput(answer, schema)).toEqual({ text });
  });
});

describe('an answer of another form', () => {
  test.each([
    ['{"n": "1"}', '/n must be number'],
    ['{}', "the whole must have required property 'n'"],
    ['{"n": 1, "m": 2}', 'the whole must NOT have additional properties'],
    ['{"n": 1, "tags": ["a", 2]}', '/tags/1 must be string'],
    ['[]', 'the whole must be object'],
    ['null', 'the whole must be object'],
  ])('%j: %s', (answer, fault) => {
    expect(checkOutput(answer, schema)).toEqual({ fault });
  });

  test.each(['', 'n is 1', 'Here it is:\n```json\n{"n": 1}\n```', '{"n": 1', '{"n": 1} {"n": 2}'])(
    '%j is not JSON',
    (answer) => {
      expect(checkOutput(answer, schema)).toEqual({ fault: expect.stringMatching(/^it is not JSON: /) as string });
    },
  );

  test('ten faults at most are told', () => {
    const many = { n: 1, tags: Array.from({ length: 50 }, (_, i) => i) };
    const checked = checkOutput(JSON.stringify(many), schema);
    expect('fault' in checked && checked.fault.split('; ')).toHaveLength(10);
    expect(describeRepair('/n must be number')).toBe(
      'Your answer does not have the required form: /n must be number. Answer again with only the JSON, corrected.',
    );
  });
});

describe('schemas', () => {
  test('two revisions may have the same $id', () => {
    const one = { ...schema, $id: 'https://example.com/answer' };
    const two = { ...one, properties: { n: { type: 'string' } } };
    expect(checkOutput('{"n": 1}', one)).toEqual({ text: '{"n": 1}' });
    expect(checkOutput('{"n": 1}', two)).toEqual({ fault: '/n must be string' });
  });

  test.each(['http://json-schema.org/draft-07/schema#', 'https://json-schema.org/draft/2020-12/schema'])(
    'of the dialect %s',
    ($schema) => {
      expect(checkOutput('{"n": 1}', { $schema, ...schema })).toEqual({ text: '{"n": 1}' });
      expect(checkOutput('{}', { $schema, ...schema })).toHaveProperty('fault');
    },
  );

  test('formats are hints', () => {
    const date = { type: 'object', properties: { at: { type: 'string', format: 'date-time' } } };
    expect(checkOutput('{"at": "tomorrow"}', date)).toEqual({ text: '{"at": "tomorrow"}' });
  });
});
