import { expect, it } from 'vitest';
import { conventions } from '../../../../collector/map/conventions.ts';
import { mapSpan } from '../../../../collector/map/span.ts';
import { describeConvention } from './describe-convention.ts';
import { invented } from './invented.ts';
import { spanOf } from './otlp-fixture.ts';

const withInvented = [...conventions, invented];

it('a convention is one file and one line', () => {
  const said = { 'acme.step': 'think', 'acme.brain': 'gpt-5', 'acme.heard': 9, 'acme.spoke': 3, 'acme.talk': 's' };
  const span = spanOf({ ...said, 'acme.note.team': 'red', 'acme.mood': 'good' });
  const { row } = mapSpan(span, 'p', withInvented);
  expect(row).toMatchObject({
    ...{ convention: 'invented', kind: 'llm', response_model: 'gpt-5', session_id: 's', usage_scope: 'call' },
    ...{ input_tokens: 9n, output_tokens: 3n, labels: new Map([['team', 'red']]) },
  });
  expect(JSON.parse(row.origins)).toContainEqual(['responseModel', 'invented', 'acme.brain']);
  // What it does not understand stays.
  expect(row.attributes.get('acme.mood')).toBe('good');
  expect(mapSpan(span, 'p').row).toMatchObject({ convention: '', kind: 'other', session_id: '' });
});

describeConvention(invented, [
  ['kind', { 'acme.step': 'act' }, 'tool'],
  ['responseModel', { 'acme.brain': 'm' }, 'm'],
  ['usage.input', { 'acme.heard': 1 }, 1n],
  ['usage.output', { 'acme.spoke': 2 }, 2n],
  ['toolName', { 'acme.hand': 't' }, 't'],
  ['toolArguments', { 'acme.with': '{"a":1}' }, { a: 1 }],
  ['sessionId', { 'acme.talk': 's' }, 's'],
  ['labels', { 'acme.note.team': 'red' }, { team: 'red' }],
]);
