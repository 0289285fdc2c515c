/// <reference types="node" />
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { writeSnippets } from '../../../../ui/pages/traces/first-trace.ts';

const readme = readFileSync(new URL('../../../../README.md', import.meta.url), 'utf8');

test.each(Object.entries(writeSnippets('http://127.0.0.1:4318')))(
  'the %s example is the README’s',
  (_name, snippet) => {
    expect(readme).toContain(snippet.code);
    if (snippet.install !== null) expect(readme).toContain(snippet.install);
  },
);

test('the examples send to where the collector listens', () => {
  for (const { code } of Object.values(writeSnippets('http://127.0.0.1:9999'))) {
    expect(code).toContain('http://127.0.0.1:9999/v1/traces');
    expect(code).not.toContain('4318');
  }
});
