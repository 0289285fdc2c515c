import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadAgents, PathError } from '../../../../runtime/definition/load-agents.ts';
import { makeTempDir } from '../../../support/temp-dir.ts';
import { agentWith, loadFiles, writeFiles } from './definition-files.ts';

const examples = join(import.meta.dirname, '../../../../runtime/examples');

it('fills in what a definition leaves out, and reads durations as milliseconds', () => {
  const dir = makeTempDir('agents');
  writeFiles(dir.path, { 'a.yaml': agentWith('limits: { turnTimeout: 90s, maxCostPerTurn: 0.10 }') });
  const loaded = loadAgents([dir.path], {});
  expect(loaded).toMatchObject({
    agents: [
      {
        definition: {
          name: 'a',
          instructions: 'Help.',
          model: [{ model: 'simulated/x', timeout: 120_000, retries: 2 }],
          tools: [],
          session: {
            ttl: 30 * 86_400_000,
            onBusy: 'queue',
            queueLimit: 10,
            history: { compact: 'drop', keepTurns: 4 },
          },
          limits: { maxSteps: 20, turnTimeout: 90_000, maxCostPerTurn: '0.1' },
          capture: 'full',
        },
      },
    ],
  });
  dir.remove();
});

it('loads the samples without keys, and says the same about them every time', () => {
  const loaded = loadAgents([examples], {});
  if (!('agents' in loaded)) throw new Error(loaded.faults.join('\n'));
  expect(loaded.agents.map(({ definition }) => definition.name)).toEqual([
    'account-manager',
    'fact-checker',
    'hello',
    'refunds',
    'research',
    'stumbler',
    'support',
  ]);
  expect(loadAgents([examples, join(examples, 'hello.yaml')], {})).toEqual(loaded);
});

it('sees the environment only when it is given one', () => {
  const files = { 'a.yaml': 'name: a\ninstructions: x\nmodel: [anthropic/claude]\n' };
  expect(loadFiles(files)).toHaveProperty('faults');
  expect(loadFiles(files, { ANTHROPIC_API_KEY: 'anything' })).toHaveProperty('revisions');
  const dir = makeTempDir('agents');
  writeFiles(dir.path, files);
  expect(loadAgents([dir.path], undefined)).toHaveProperty('agents');
  dir.remove();
});

it.each([
  ['nowhere', /nowhere: there is no such file or folder$/],
  ['.', /there is no definition file in it, \*\.yaml or \*\.yml$/],
])('refuses the path %s', (path, message) => {
  const dir = makeTempDir('agents');
  writeFiles(dir.path, { 'notes.txt': '', '.hidden.yaml': '' });
  const load = () => loadAgents([join(dir.path, path)], {});
  expect(load).toThrow(PathError);
  expect(load).toThrow(message);
  dir.remove();
});

it('needs no key for a server of one’s own, and takes references with defaults', () => {
  const text = `name: a
instructions: Help {{ who }}.
variables: { who: { default: all } }
model: [{ model: vllm/qwen, baseUrl: 'http://127.0.0.1:8000/v1' }]
tools:
  - { type: mcp, name: m, command: npx, args: [server], env: { API_KEY: '\${env:KEY}', MODE: fast } }
  - { type: http, name: h, description: d, url: '\${env:BASE:-http://127.0.0.1:1}/x', headers: { accept: text/plain } }
evals:
  - { id: e, type: tool_called, tool: m__search }
`;
  expect(loadFiles({ 'a.yaml': text }, { KEY: 'k' })).toHaveProperty('revisions');
});
