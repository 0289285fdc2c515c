import { expect, it } from 'vitest';
import { agentWith, type Files, loadFiles } from './definition-files.ts';

function revisionOf(files: Files): string {
  const loaded = loadFiles(files);
  if ('faults' in loaded) throw new Error(loaded.faults.join('\n'));
  return loaded.revisions[0] ?? '';
}

const plain = { 'a.yaml': agentWith('labels: { a: x, b: y }\ncapture: none\n') };

it('is the name and twelve hex digits of the content', () => {
  expect(revisionOf(plain)).toMatch(/^a@[0-9a-f]{12}$/);
});

it.each<[what: string, files: Files]>([
  [
    'another order of keys',
    { 'a.yaml': 'capture: none\nlabels: { b: y, a: x }\nmodel: [simulated/x]\ninstructions: Help.\nname: a' },
  ],
  ['comments and blank lines', { 'a.yaml': `# an agent\n\n${plain['a.yaml']}# its end\n` }],
  [
    'another way of writing',
    {
      'a.yaml': 'name: "a"\ninstructions: >-\n  Help.\nmodel:\n  - simulated/x\nlabels:\n  a: x\n  b: y\ncapture: none',
    },
  ],
  ['line ends of Windows', { 'a.yaml': plain['a.yaml'].replaceAll('\n', '\r\n') }],
  ['the name of the file', { 'z.yml': plain['a.yaml'] }],
  [
    'instructions that stand beside the file',
    { 'a.yaml': plain['a.yaml'].replace('Help.', '{ file: p.md }'), 'p.md': 'Help.\n' },
  ],
])('does not change with %s', (_what, files) => {
  expect(revisionOf(files)).toBe(revisionOf(plain));
});

it.each<[what: string, text: string]>([
  ['a value', plain['a.yaml'].replace('none', 'full')],
  ['the order of a list', plain['a.yaml'].replace('[simulated/x]', '[simulated/y, simulated/x]')],
  ['a key more', `${plain['a.yaml']}description: x\n`],
])('changes with %s', (_what, text) => {
  expect(revisionOf({ 'a.yaml': text })).not.toBe(revisionOf(plain));
});

it('changes with an included file', () => {
  const files = { 'a.yaml': 'name: a\nmodel: [simulated/x]\ninstructions: { file: p.md }', 'p.md': 'One.' };
  expect(revisionOf({ ...files, 'p.md': 'Two.' })).not.toBe(revisionOf(files));
});
