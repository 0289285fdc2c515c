import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadAgents } from '../../../../runtime/definition/load-agents.ts';
import { makeTempDir } from '../../../support/temp-dir.ts';
import { agentWith, loadFiles, writeFiles } from './definition-files.ts';

const topKeys =
  'apiVersion, name, description, labels, instructions, variables, model, tools, session, limits, budgets, evals, output, capture';
const limitKeys =
  'maxSteps, maxToolCalls, maxParallelToolCalls, turnTimeout, firstTokenTimeout, maxCostPerTurn, maxCostPerSession, concurrency, requestsPerMinute, tokensPerMinute';
const modelKeys =
  'model, temperature, topP, maxOutputTokens, reasoningEffort, stop, seed, timeout, retries, baseUrl, apiKey, fallbackOn, price, simulate';
const simulateKeys =
  'seed, firstToken, latency, tokensPerSecond, answerTokens, contextWindow, errors, usdPerMillionInput, usdPerMillionCachedInput, usdPerMillionOutput, values, script';
const reference = '${env:NAME} or ${env:NAME:-default}';
const http = 'type: http, name: t, description: d';

/** What stands after the three good lines of an agent, and the lines that say what is wrong with it. */
const faulty: [behaviour: string, lines: string, ...faults: string[]][] = [
  // Keys and values
  ['an unknown key', 'tolls: []', `a.yaml:4: tolls is not known, allowed: ${topKeys}, did you mean tools?`],
  ['an unknown key that is like none', 'x: 1', `a.yaml:4: x is not known, allowed: ${topKeys}`],
  ['a key that means something to JavaScript', '__proto__: 1', `a.yaml:4: __proto__ is not known, allowed: ${topKeys}`],
  ['a merge key', '<<: { capture: none }', `a.yaml:4: ["<<"] is not known, allowed: ${topKeys}`],
  [
    'an unknown key within another',
    'limits:\n  maxSteps: 3\n  maxToolCall: 3',
    `a.yaml:6: limits.maxToolCall is not known, allowed: ${limitKeys}, did you mean maxToolCalls?`,
  ],
  [
    'a value that is none of a choice',
    'capture: ful',
    'a.yaml:4: capture is wrong (got "ful"), allowed: none, redacted, full, did you mean full?',
  ],
  [
    'another version of the format',
    'apiVersion: v2',
    'a.yaml:4: apiVersion is wrong (got "v2"), allowed: sightglass/v1',
  ],
  [
    'a number out of its bounds',
    'limits: { maxSteps: 0 }',
    'a.yaml:4: limits.maxSteps is wrong (got 0), allowed: a whole number from 1 to 1,000',
  ],
  [
    'text in place of a number',
    'limits: { maxSteps: many }',
    'a.yaml:4: limits.maxSteps is wrong (got "many"), allowed: a whole number from 1 to 1,000',
  ],
  [
    'a duration without a unit',
    'limits: { turnTimeout: 30 }',
    'a.yaml:4: limits.turnTimeout is wrong (got 30), allowed: a duration from 1s to 24h, such as 500ms, 30s, 5m, 24h',
  ],
  [
    'a duration out of its bounds',
    'session: { ttl: 10s }',
    'a.yaml:4: session.ttl is wrong (got "10s"), allowed: a duration from 1m to 400d, such as 500ms, 30s, 5m, 24h',
  ],
  [
    'money below zero',
    'limits: { maxCostPerTurn: -1 }',
    'a.yaml:4: limits.maxCostPerTurn is wrong (got -1), allowed: US dollars above 0 with at most six digits after the point, such as 0.25',
  ],
  [
    'a list in place of an object',
    'limits: [1]',
    `a.yaml:4: limits must be an object (got a list), allowed: ${limitKeys}`,
  ],
  ['a key without a value', 'tools:', 'a.yaml:4: tools must be a list of at most 100 tools (got nothing)'],
  [
    'a label that is no text',
    'labels: { team: 7 }',
    'a.yaml:4: labels.team is wrong (got 7), allowed: text of 1 to 200 characters',
  ],
  [
    'a label of a strange name',
    'labels: { "a b": x }',
    'a.yaml:4: labels["a b"] is wrong (got "a b"), allowed: names of letters, digits, . _ -',
  ],
  [
    'a default that is not of its type',
    'variables: { n: { type: number, default: x } }',
    'a.yaml:4: variables.n.default is wrong (got "x"), allowed: a number, as its type says',
  ],
  [
    'a default of what is required',
    'variables: { n: { required: true, default: x } }',
    'a.yaml:4: variables.n.default goes with required: false only',
  ],
  // Budgets, evals, output
  [
    'a budget of nobody',
    'budgets: [{ scope: everyone, usd: 1, period: day }]',
    'a.yaml:4: budgets[0].scope is wrong (got "everyone"), allowed: agent, user, session, label:KEY',
  ],
  [
    'a budget in no time zone',
    'budgets: [{ scope: agent, usd: 1, period: day, timezone: Mars }]',
    'a.yaml:4: budgets[0].timezone is wrong (got "Mars"), allowed: an IANA name such as Europe/Berlin',
  ],
  [
    'a budget without an amount',
    'budgets:\n  - scope: agent\n    period: day',
    'a.yaml:5: budgets[0].usd is missing, allowed: US dollars above 0 with at most six digits after the point, such as 0.25',
  ],
  [
    'a downgrade to nothing',
    'budgets: [{ scope: agent, usd: 1, period: day, action: downgrade }]',
    'a.yaml:4: budgets[0].action downgrade needs a second model',
  ],
  [
    'an eval without what it needs',
    'evals: [{ id: e, type: contains }]',
    'a.yaml:4: evals[0].value is missing: contains needs it',
  ],
  [
    'an eval with what it does not need',
    'evals: [{ id: e, type: no_tool_errors, tool: t }]',
    'a.yaml:4: evals[0].tool does not go with no_tool_errors',
  ],
  [
    'an eval of a tool that is not there',
    `tools: [{ ${http}, url: 'http://h' }]\nevals: [{ id: e, type: tool_called, tool: tt }]`,
    'a.yaml:5: evals[0].tool tt is no tool of this agent, allowed: t, did you mean t?',
  ],
  [
    'an eval of a form that is not declared',
    'evals: [{ id: e, type: matches_output }]',
    'a.yaml:4: evals[0].type matches_output needs an output schema',
  ],
  [
    'an eval with half an expression',
    'evals: [{ id: e, type: regex, value: "(" }]',
    'a.yaml:4: evals[0].value is no regular expression',
  ],
  [
    'two evals of one id',
    'evals:\n  - { id: e, type: no_tool_errors }\n  - { id: e, type: no_tool_errors }',
    'a.yaml:6: evals[1].id e is the id of evals[0] too',
  ],
  [
    'an output that is no object',
    'output: { schema: { type: string } }',
    'a.yaml:4: output.schema.type must be a JSON Schema of an object: type: object, properties: …',
  ],
  // Tools
  [
    'a tool of an unknown type',
    'tools: [{ type: htp }]',
    'a.yaml:4: tools[0].type is wrong (got "htp"), allowed: http, mcp, agent, did you mean http?',
  ],
  ['a tool of no type', 'tools: [{ name: t }]', 'a.yaml:4: tools[0].type is missing, allowed: http, mcp, agent'],
  [
    'a tool that is no object',
    'tools: [search]',
    'a.yaml:4: tools[0] must be an object (got "search") with a type of http, mcp, agent',
  ],
  [
    'a tool name that models do not take',
    `tools: [{ type: http, name: a b, description: d, url: 'http://h' }]`,
    'a.yaml:4: tools[0].name is wrong (got "a b"), allowed: a letter, then letters, digits, - and single _, 48 at most',
  ],
  [
    'two tools of one name',
    `tools:\n  - { ${http}, url: 'http://h' }\n  - { ${http}, url: 'http://h' }`,
    'a.yaml:6: tools[1].name t is the name of tools[0] too',
  ],
  [
    'an address that is none',
    `tools: [{ ${http}, url: 'ftp://h' }]`,
    'a.yaml:4: tools[0].url is wrong, allowed: an http or https address, such as https://example.com/orders/{order_id}',
  ],
  [
    'a part of an address that nobody fills in',
    `tools: [{ ${http}, url: 'http://h/{idd}', input: { type: object, properties: { id: {} } } }]`,
    'a.yaml:4: tools[0].url has {idd}, which is no property of input, allowed: id, did you mean id?',
  ],
  [
    'an MCP server without a way to it',
    'tools: [{ type: mcp, name: m }]',
    'a.yaml:4: tools[0] needs exactly one of url, command',
  ],
  [
    'an MCP server with two ways to it',
    'tools: [{ type: mcp, name: m, url: "http://h", command: c }]',
    'a.yaml:4: tools[0] needs exactly one of url, command',
  ],
  [
    'arguments of an MCP server that is not started',
    'tools: [{ type: mcp, name: m, url: "http://h", args: [x] }]',
    'a.yaml:4: tools[0].args goes with command only',
  ],
  [
    'an agent that is not there',
    'tools: [{ type: agent, name: t, description: d, agent: aa }]',
    'a.yaml:4: tools[0].agent aa is no agent of these files, allowed: a, did you mean a?',
  ],
  [
    'an agent that calls itself',
    'tools: [{ type: agent, name: t, description: d, agent: a }]',
    'a.yaml:4: tools[0].agent leads in a circle: a → a',
  ],
  // Secrets
  [
    'a key in a header',
    `tools: [{ ${http}, url: 'http://h', headers: { x-api-key: abc } }]`,
    `a.yaml:4: tools[0].headers.x-api-key must not stand here itself, allowed: a reference ${reference}`,
  ],
  [
    'a bearer token',
    `tools: [{ ${http}, url: 'http://h', headers: { x-any: Bearer abc123def } }]`,
    `a.yaml:4: tools[0].headers.x-any holds what looks like a key, allowed: a reference ${reference}`,
  ],
  [
    'a key as default of a reference',
    `tools: [{ type: mcp, name: m, command: c, env: { KEY: '\${env:K:-sk-abc123456}' } }]`,
    `a.yaml:4: tools[0].env.KEY holds what looks like a key, allowed: a reference ${reference}`,
  ],
  [
    'a password in an address',
    `tools: [{ ${http}, url: 'http://me:pass@h/' }]`,
    `a.yaml:4: tools[0].url holds what looks like a key, allowed: a reference ${reference}`,
  ],
  [
    'a key in a description',
    'description: use sk-proj-abc123456',
    'a.yaml:4: description holds what looks like a key: the model would see it',
  ],
  [
    'a key in place of a choice',
    'capture: sk-abc123456',
    'a.yaml:4: capture is wrong (got what looks like a key), allowed: none, redacted, full',
    'a.yaml:4: capture holds what looks like a key: the model would see it',
  ],
  [
    'a reference that others would see',
    'description: ${env:HOME}',
    'a.yaml:4: description holds a reference, allowed only in apiKey and baseUrl of a model; url, headers and env of a tool',
  ],
  [
    'half a reference',
    `tools: [{ ${http}, url: 'http://h', headers: { a: '\${TOKEN}' } }]`,
    `a.yaml:4: tools[0].headers.a has a broken reference, allowed: ${reference}`,
  ],
  [
    'a reference to what is not set',
    `tools: [{ ${http}, url: 'http://h', headers: { a: '\${env:A} \${env:B:-} \${env:C}' } }]`,
    'a.yaml:4: tools[0].headers.a needs A, C in the environment, which is not set',
  ],
  // YAML
  ['a tab', 'limits:\n\tmaxSteps: 1', 'a.yaml:5: begins with a tab, allowed: spaces'],
  ['a key that stands twice', 'name: b', 'a.yaml:4: name stands here a second time, allowed: each key once'],
  [
    'an alias',
    'labels: &l { a: b }\ndescription: *l',
    'a.yaml:4: &l is an anchor, allowed: the value written out',
    'a.yaml:5: *l is an alias, allowed: the value written out',
  ],
  ['a tag', 'description: !!binary aGVsbG8=', 'a.yaml:4: has a tag, allowed: no tags (!…)'],
  ['a second document', '---\nname: b', 'a.yaml:4: begins a second document, allowed: one agent a file'],
  [
    'an open bracket',
    'tools: [',
    'a.yaml:4: is no YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
  ],
  ['brackets without end', `tools: ${'['.repeat(50_000)}`, 'a.yaml:1: is nested too deeply, allowed: 50 levels'],
  [
    'brackets that are too many',
    `tools: ${'['.repeat(60)}${']'.repeat(60)}`,
    'a.yaml:4: is nested too deeply, allowed: 50 levels',
  ],
];

/** What stands behind `simulate:`, and what is wrong with it. */
const faultySimulations: [behaviour: string, simulate: string, ...faults: string[]][] = [
  [
    'an unknown setting of a simulation',
    '{ sede: 1 }',
    `.sede is not known, allowed: ${simulateKeys}, did you mean seed?`,
  ],
  [
    'a simulated time without a unit',
    '{ firstToken: 300 }',
    '.firstToken is wrong (got 300), allowed: a duration from 0ms to 10m, or { p50, p99 } of such',
  ],
  [
    'a simulated time without its tail',
    '{ firstToken: { p50: 1s } }',
    '.firstToken.p99 is missing, allowed: a duration from 0ms to 10m, such as 500ms, 30s, 5m, 24h',
  ],
  ['a tail that is shorter than the middle', '{ latency: { p50: 2s, p99: 1s } }', '.latency has a p99 below its p50'],
  [
    'a latency beside a rate of tokens',
    '{ latency: 2s, tokensPerSecond: 50 }',
    '.latency does not go with tokensPerSecond',
  ],
  [
    'a share above one',
    '{ errors: { unavailable: 7 } }',
    '.errors.unavailable is wrong (got 7), allowed: a number from 0 to 1',
  ],
  [
    'an unknown simulated error',
    '{ errors: { rate_limit: 0.1 } }',
    '.errors.rate_limit is not known, allowed: rate_limited, unavailable, timeout, error_in_stream, cut_stream, did you mean rate_limited?',
  ],
  ['errors of more than all calls', '{ errors: { timeout: 0.7, cut_stream: 0.4 } }', '.errors are more than all calls'],
  [
    'half an expression to look for',
    '{ values: { id: "(" } }',
    '.values.id is wrong (got "("), allowed: a regular expression of 500 characters at most',
  ],
  ['a rule that does nothing', '{ script: [{ when: { turn: 1 } }] }', '.script[0] needs call or answer'],
  [
    'a rule of a tool that is not there',
    '{ script: [{ when: { after: tt }, answer: x }] }',
    '.script[0].when.after tt is no tool of this agent, allowed: t, did you mean t?',
  ],
  [
    'a scripted call of a tool that is not there',
    '{ script: [{ call: [{ tool: find }] }] }',
    '.script[0].call[0].tool find is no tool of this agent, allowed: t',
  ],
  [
    'a part of a text that nobody fills in',
    '{ values: { order: x }, script: [{ answer: "{{ordr}} {{t.a[0]}} {{user}}" }] }',
    '.script[0].answer has {{ordr}}, which begins with no value, group or tool, allowed: user, all, order, t, did you mean order?',
  ],
  [
    'a part of an argument that is no path',
    '{ script: [{ call: [{ tool: t, with: { a: ["{{t..b}}"] } }] }] }',
    '.script[0].call[0].with has {{t..b}}, allowed: {{name}}, {{tool.field}}, {{tool.list[0].field}}',
  ],
];

describe('refuses', () => {
  it.each(faulty)('%s', (_behaviour, lines, ...faults) => {
    expect(loadFiles({ 'a.yaml': agentWith(lines) })).toEqual({ faults });
  });

  it.each<[behaviour: string, text: string, ...faults: string[]]>([
    ['a file without anything', '', 'a.yaml:1: is empty, allowed: one agent'],
    ['a file that is a list', '- a', `a.yaml:1: the file must be an object (got a list), allowed: ${topKeys}`],
    [
      'a name with capitals',
      agentWith('', 'Bob'),
      'a.yaml:1: name is wrong (got "Bob"), allowed: small letters, digits, - and _, beginning with a letter, 64 at most',
    ],
    ['a missing model', 'name: a\ninstructions: x', 'a.yaml:1: model must be a list of at most 10 models'],
    ['no model', 'name: a\ninstructions: x\nmodel: []', 'a.yaml:3: model must name at least one model'],
    [
      'a model without a provider',
      'name: a\ninstructions: x\nmodel: [gpt]',
      'a.yaml:3: model[0] is wrong (got "gpt"), allowed: PROVIDER/MODEL, such as openai/gpt-5-mini, anthropic/claude-sonnet-5, simulated/quick',
    ],
    [
      'an unknown setting of a model',
      'name: a\ninstructions: x\nmodel:\n  - model: simulated/x\n    temprature: 1',
      `a.yaml:5: model[0].temprature is not known, allowed: ${modelKeys}, did you mean temperature?`,
    ],
    [
      'an unknown provider without an address',
      'name: a\ninstructions: x\nmodel: [opnai/x]',
      'a.yaml:3: model[0] opnai needs a baseUrl, allowed without one: openai, anthropic, gemini, simulated, did you mean openai?',
    ],
    [
      'a provider whose key is not set',
      'name: a\ninstructions: x\nmodel: [simulated/x, openai/x]',
      'a.yaml:3: model[1] needs OPENAI_API_KEY in the environment, which is not set',
    ],
    [
      'the key itself',
      'name: a\ninstructions: x\nmodel: [{ model: simulated/x, apiKey: hunter2 }]',
      'a.yaml:3: model[0].apiKey is wrong, allowed: a reference ${env:NAME}, never the key itself',
    ],
    ...faultySimulations.map(([behaviour, simulate, ...faults]): [string, string, ...string[]] => [
      behaviour,
      `name: a\ninstructions: x\nmodel:\n  - model: simulated/x\n    simulate: ${simulate}\ntools: [{ ${http}, url: 'http://h' }]`,
      ...faults.map((fault) => `a.yaml:5: model[0].simulate${fault}`),
    ]),
    [
      'a simulation of a real model',
      'name: a\ninstructions: x\nmodel:\n  - model: ollama/x\n    baseUrl: http://h\n    simulate: { seed: 1 }',
      'a.yaml:6: model[0].simulate goes with models of the provider simulated only (this is ollama/x)',
    ],
    [
      'a price of a simulated model',
      'name: a\ninstructions: x\nmodel:\n  - model: simulated/x\n    price: { input: 1, output: 2 }',
      'a.yaml:5: model[0].price does not go with models of the provider simulated (this is simulated/x): simulate.usdPerMillionInput',
    ],
    [
      'half a price',
      'name: a\ninstructions: x\nmodel:\n  - model: openai/x\n    price: { input: 1e-7 }',
      'a.yaml:5: model[0].price.input is wrong (got 1e-7), allowed: US dollars from 0 with at most six digits after the point, such as 0.25',
      'a.yaml:5: model[0].price.output is missing, allowed: US dollars from 0 with at most six digits after the point, such as 0.25',
    ],
    [
      'a variable that is not declared',
      'name: a\nmodel: [simulated/x]\nvariables: { shop: {} }\ninstructions: Hi {{shp}}',
      'a.yaml:4: instructions has {{shp}}, which is no variable, allowed: shop, did you mean shop?',
    ],
    [
      'half a placeholder',
      'name: a\nmodel: [simulated/x]\ninstructions: "Hi {{"',
      'a.yaml:3: instructions has half a placeholder, allowed: {{variable}} on one line',
    ],
    [
      'instructions from nowhere',
      'name: a\nmodel: [simulated/x]\ninstructions:\n  file: x.md',
      'a.yaml:4: instructions.file cannot be read: there is no such file',
    ],
    [
      'instructions from outside',
      'name: a\nmodel: [simulated/x]\ninstructions: { file: ../x.md }',
      'a.yaml:3: instructions.file is outside of the folder of this file, allowed: a file in it or below',
    ],
    [
      'instructions from the root',
      'name: a\nmodel: [simulated/x]\ninstructions: { file: /etc/passwd }',
      'a.yaml:3: instructions.file is outside of the folder of this file, allowed: a file in it or below',
    ],
    [
      'instructions that are a folder',
      'name: a\nmodel: [simulated/x]\ninstructions: { file: . }',
      'a.yaml:3: instructions.file is outside of the folder of this file, allowed: a file in it or below',
    ],
    ['a file that is too large', `# ${'x'.repeat(256 * 1024)}`, 'a.yaml:1: is too large, allowed: 256 KiB'],
  ])('%s', (_behaviour, text, ...faults) => {
    expect(loadFiles({ 'a.yaml': text })).toEqual({ faults });
  });

  it('a link that leads outside', () => {
    const dir = makeTempDir('agents');
    writeFiles(dir.path, {
      'secret.md': 'x',
      'in/a.yaml': 'name: a\nmodel: [simulated/x]\ninstructions: { file: x.md }',
    });
    symlinkSync(join(dir.path, 'secret.md'), join(dir.path, 'in', 'x.md'));
    expect(loadAgents([join(dir.path, 'in')], {})).toEqual({
      faults: [expect.stringMatching(/a\.yaml:3: instructions\.file is outside of the folder of this file/) as string],
    });
    dir.remove();
  });
});

it('names the line of included instructions', () => {
  expect(
    loadFiles({
      'a.yaml': 'name: a\nmodel: [simulated/x]\ninstructions: { file: prompts/a.md }',
      'prompts/a.md': 'Hello.\n\nHi {{who}}, use sk-abc123456.\n',
    }),
  ).toEqual({
    faults: [
      'prompts/a.md:3: the instructions of a.yaml has {{who}}, which is no variable, allowed: none',
      'prompts/a.md:3: the instructions of a.yaml holds what looks like a key: the model would see it',
    ],
  });
});

it('tells every fault of every file at once, in order, and loads none of them', () => {
  expect(
    loadFiles({
      'a.yaml': agentWith('capture: some\ntools:\n  - { type: agent, name: t, description: d, agent: b }', 'a'),
      'b.yaml': agentWith('limit: {}\ntools:\n  - { type: agent, name: t, description: d, agent: c }', 'b'),
      'c.yml': agentWith('tools:\n  - { type: agent, name: t, description: d, agent: a }', 'c'),
      'd.yaml': agentWith('', 'c'),
      'good.yaml': agentWith('', 'good'),
    }),
  ).toEqual({
    faults: [
      'a.yaml:4: capture is wrong (got "some"), allowed: none, redacted, full',
      'a.yaml:6: tools[0].agent leads in a circle: a → b → c → a',
      `b.yaml:4: limit is not known, allowed: ${topKeys}, did you mean limits?`,
      'b.yaml:6: tools[0].agent leads in a circle: b → c → a → b',
      'c.yml:5: tools[0].agent leads in a circle: c → a → b → c',
      'd.yaml:1: name c is the name of c.yml:1 too',
    ],
  });
});

it('shows a hundred faults of a file and counts the others', () => {
  const unknown = Array.from({ length: 130 }, (_, i) => `k${i}: 1`).join('\n');
  const loaded = loadFiles({ 'a.yaml': agentWith(unknown) });
  if (!('faults' in loaded)) throw new Error('loaded');
  expect(loaded.faults).toHaveLength(101);
  expect(loaded.faults.at(-1)).toBe('a.yaml: and 30 more faults');
});

it('never shows a secret', () => {
  const secrets = ['sk-live-abc123456', 'hunter2hunter2'];
  const loaded = loadFiles({
    'a.yaml': `name: ${secrets[0] ?? ''}\ninstructions: x\nmodel:\n  - { model: simulated/x, apiKey: hunter2hunter2 }\ntools:\n  - { ${http}, url: 'http://h', headers: { cookie: hunter2hunter2 } }`,
  });
  const lines = 'faults' in loaded ? loaded.faults.join('\n') : '';
  expect(lines).toContain('headers.cookie');
  for (const secret of secrets) expect(lines).not.toContain(secret);
});

it.each([
  ['unknown keys', agentWith(Array.from({ length: 10_000 }, (_, i) => `k${i}: 1`).join('\n'))],
  ['what begins like keys', agentWith(`description: ${'sk-'.repeat(60_000)}`)],
])('reads a large file of %s in little time', (_what, text) => {
  const started = performance.now();
  expect(loadFiles({ 'a.yaml': text })).toHaveProperty('faults');
  expect(performance.now() - started).toBeLessThan(4_000);
});
