import { expect, it } from 'vitest';
import { hashContent, nameRevision } from '../../../../runtime/definition/revision.ts';
import { parseSource } from '../../../../runtime/definition/read-definition.ts';
import { compareDefinitions } from '../../../../runtime/deploy/compare-definitions.ts';
import { findPrevious } from '../../../../runtime/deploy/deploy.ts';
import { describePlan } from '../../../../runtime/deploy/describe-plan.ts';
import { planAgents } from '../../../../runtime/deploy/plan.ts';

const plain = { name: 'a', instructions: 'Help.', model: ['simulated/fast'] };
const http = { type: 'http', name: 'get', description: 'x', url: 'https://x.example/' };
const mcp = { type: 'mcp', name: 'crm', url: 'https://crm.example/mcp' };

function compare(before: object, after: object) {
  return compareDefinitions(parseSource({ ...plain, ...before }), parseSource({ ...plain, ...after }));
}

function withTool(before: object, after: object) {
  return compare({ tools: [before] }, { tools: [after] });
}

it('shows the lines of the instructions that differ, with those around them', () => {
  const lines = Array.from({ length: 12 }, (_, i) => `line ${i + 1}`);
  const { instructions } = compare(
    { instructions: lines.join('\n') },
    { instructions: lines.with(5, 'another').join('\n') },
  );
  expect(instructions).toEqual(['@@ line 4 → 4 @@', ' line 4', ' line 5', '-line 6', '+another', ' line 7', ' line 8']);
});

it('shows another chain of models, and other settings of the same ones', () => {
  const { models, settings } = compare(
    { model: [{ model: 'simulated/fast', temperature: 0.2 }, 'simulated/slow'] },
    { model: ['simulated/new', { model: 'simulated/fast', temperature: 0.4, timeout: '90s' }] },
  );
  expect(models).toEqual({ before: ['simulated/fast', 'simulated/slow'], after: ['simulated/new', 'simulated/fast'] });
  expect(settings).toEqual([
    { path: 'model[simulated/fast].temperature', before: '0.2', after: '0.4' },
    { path: 'model[simulated/fast].timeout', before: '2m', after: '90s' },
  ]);
});

it('shows tools that are gained, lost and changed', () => {
  const input = (pattern: string) => ({ type: 'object', properties: { id: { type: 'string', pattern } } });
  const { tools } = compare(
    {
      tools: [
        { ...http, input: input('^a'), timeout: '5s' },
        { ...http, name: 'old' },
      ],
    },
    { tools: [{ ...http, input: input('^b'), timeout: '500ms' }, mcp] },
  );
  expect(tools).toEqual({
    gained: ['crm'],
    lost: ['old'],
    changed: [
      {
        name: 'get',
        settings: [
          { path: 'input.properties.id.pattern', before: '^a', after: '^b' },
          { path: 'timeout', before: '5s', after: '500ms' },
        ],
      },
    ],
  });
});

it('shows everything else by its path', () => {
  const { settings } = compare(
    { labels: { team: 'a' }, variables: { x: {} }, session: { ttl: '30d' } },
    { labels: { team: 'b', desk: '1' }, session: { ttl: '36h' }, limits: { maxCostPerTurn: 0.5 } },
  );
  expect(settings).toEqual([
    { path: 'labels.team', before: 'a', after: 'b' },
    { path: 'variables.x.type', before: 'string', after: undefined },
    { path: 'variables.x.required', before: 'false', after: undefined },
    { path: 'session.ttl', before: '30d', after: '36h' },
    { path: 'labels.desk', before: undefined, after: '1' },
    { path: 'variables', before: undefined, after: '{}' },
    { path: 'limits.maxCostPerTurn', before: undefined, after: '0.5' },
  ]);
});

it.each<[object, object, string[]]>([
  [http, { ...http, allowPrivateAddress: true }, ['get may call private addresses']],
  [http, { ...http, sideEffect: 'write' }, ['get may do more than before: read → write']],
  [http, { ...http, method: 'POST' }, ['get may do more than before: read → write']],
  [
    { ...http, method: 'POST' },
    { ...http, method: 'POST', sideEffect: 'idempotent' },
    ['get is repeated automatically when it fails: write → idempotent'],
  ],
  [http, { ...http, url: 'https://y.example/a' }, ['get goes somewhere else: https://x.example → https://y.example']],
  [http, { ...http, url: 'https://x.example/other' }, []],
  [http, { ...http, headers: { authorization: '${env:TOKEN}' } }, ['get is given TOKEN of the environment']],
  [{ ...mcp, allow: ['a'] }, { ...mcp, allow: ['a', 'b'] }, ['crm offers b']],
  [{ ...mcp, allow: ['a'] }, mcp, ['crm offers all tools of its server']],
  [mcp, { ...mcp, allow: ['a'] }, []],
  [{ ...mcp, deny: ['a', 'b'] }, { ...mcp, deny: ['b'] }, ['crm does not deny a any more']],
  [{ ...mcp, sideEffect: 'read' }, mcp, ['crm may do more than before: read → write']],
  [
    mcp,
    { type: 'mcp', name: 'crm', command: 'npx', args: ['evil'] },
    ['crm goes somewhere else: https://crm.example → npx evil'],
  ],
  [
    http,
    { ...mcp, name: 'get', command: 'npx', url: undefined },
    ['get is new and runs a program: npx', 'get is new and may write (write)'],
  ],
  [
    { type: 'agent', name: 'ask', description: 'x', agent: 'b' },
    { type: 'agent', name: 'ask', description: 'x', agent: 'c' },
    ['ask asks another agent: b → c'],
  ],
])('calls out what a tool may do now: %j → %j', (before, after, widenings) => {
  expect(withTool(before, after).widenings).toEqual(widenings);
});

it.each<[object, object, string[]]>([
  [{}, { limits: { maxSteps: 21 } }, ['limits.maxSteps is higher']],
  [{}, { limits: { maxSteps: 19 } }, []],
  [{ limits: { maxCostPerTurn: '0.9' } }, { limits: { maxCostPerTurn: '0.10' } }, []],
  [{ limits: { maxCostPerTurn: '0.9' } }, { limits: { maxCostPerTurn: '10' } }, ['limits.maxCostPerTurn is higher']],
  [{ limits: { maxCostPerTurn: '0.9' } }, {}, ['limits.maxCostPerTurn is gone']],
  [{ capture: 'none' }, { capture: 'redacted' }, ['spans record more of what is said: capture none → redacted']],
  [
    { budgets: [{ scope: 'user', usd: 2, period: 'day' }] },
    { budgets: [{ scope: 'user', usd: 20, period: 'day', action: 'warn' }] },
    [
      'the budget of each user per day is higher: $2 → $20',
      'the budget of each user per day does less when it is used up: block → warn',
    ],
  ],
  [{ budgets: [{ scope: 'user', usd: 2, period: 'day' }] }, {}, ['the budget of each user per day is gone']],
  [
    { tools: [] },
    { tools: [{ ...http, method: 'DELETE', allowPrivateAddress: true }] },
    ['get is new and may write (write)', 'get is new and may call private addresses'],
  ],
])('calls out what an agent may spend, do and record now: %j → %j', (before, after, widenings) => {
  expect(compare(before, after).widenings).toEqual(widenings);
});

it('tells new, unchanged, changed and missing agents', () => {
  const load = (source: Record<string, unknown>) => {
    const hash = hashContent(source);
    const definition = parseSource(source);
    return { file: 'f.yaml', definition, source, hash, revision: nameRevision(definition.name, hash) };
  };
  const register = (source: Record<string, unknown>) => {
    const { definition, hash, revision } = load(source);
    return { agent: definition.name, revision, hash, definition: source, registeredMs: 0 };
  };
  const files = [plain, { ...plain, name: 'b', capture: 'full' }, { ...plain, name: 'c' }, { ...plain, name: 'e' }].map(
    load,
  );
  const deployed = [
    register(plain),
    register({ ...plain, name: 'b' }),
    register({ ...plain, name: 'd' }),
    { ...register({ ...plain, name: 'e' }), hash: 'other', revision: 'e@other', definition: { of: 'another release' } },
  ];
  expect(describePlan(planAgents(files, deployed, { isWhole: true }))).toEqual([
    `a: unchanged, ${deployed[0]?.revision}`,
    `b: ${deployed[1]?.revision} → ${files[1]?.revision} (f.yaml)`,
    '  it says the same in other words',
    `c: new, ${files[2]?.revision} (f.yaml)`,
    '  models: simulated/fast',
    `d: deployed as ${deployed[2]?.revision}, but no file declares it; it stays deployed`,
    `e: e@other → ${files[3]?.revision} (f.yaml)`,
    '  what is deployed was written for another release; this is all of the new one',
    '  models: simulated/fast',
    '1 new, 2 changed, 1 unchanged, 1 missing',
  ]);
  expect(planAgents(files, deployed, { isWhole: false }).map(({ name }) => name)).toEqual(['a', 'b', 'c', 'e']);
});

it.each([
  [['A'], undefined],
  [['A', 'B'], 'A'],
  [['A', 'B', 'C'], 'B'],
  // Rolled back from C to B: the one before is A, not C.
  [['A', 'B', 'C', 'B'], 'A'],
  [['A', 'B', 'C', 'B', 'A'], undefined],
  [['A', 'B', 'A', 'C'], 'A'],
])('after %j the one before is %s', (deployed, previous) => {
  const deployments = deployed.map((revision, i) => ({
    agent: 'a',
    revision,
    previous: deployed[i - 1] ?? null,
    deployedMs: i,
  }));
  expect(findPrevious(deployments.toReversed())).toBe(previous);
});
