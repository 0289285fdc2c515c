import { describe, expect, test } from 'vitest';
import {
  readBudgets,
  readEvals,
  readInstructions,
  readModels,
  readTools,
  readVariables,
  splitInstructions,
} from '../../../../ui/pages/agents/definition.ts';
import { listSettings } from '../../../../ui/pages/agents/settings.ts';
import { readTyped } from '../../../../ui/pages/agents/variable-values.ts';

describe('a definition in words', () => {
  test('marks the variables of its instructions', () => {
    expect(splitInstructions('You greet {{who}} of {{ shop_name }}, not {that} or {{a b}}.')).toEqual([
      { text: 'You greet ', isVariable: false },
      { text: '{{who}}', isVariable: true },
      { text: ' of ', isVariable: false },
      { text: '{{ shop_name }}', isVariable: true },
      { text: ', not {that} or {{a b}}.', isVariable: false },
    ]);
    expect(readInstructions({ instructions: 'Help.' })).toBe('Help.');
    expect(readInstructions({ instructions: { file: 'a.md' } })).toBe('file: a.md');
  });

  test('lists models in their order, with what they are set to', () => {
    const model = {
      model: 'openai/gpt-5',
      timeout: 120_000,
      temperature: 0.2,
      stop: [],
      fallbackOn: ['timeout'],
      simulate: { seed: 1 },
    };
    expect(readModels({ model: [model, 'simulated/quick'] })).toEqual([
      {
        model: 'openai/gpt-5',
        fallbackOn: ['timeout'],
        simulate: { seed: 1 },
        settings: [
          { name: 'timeout', value: '2 min' },
          { name: 'temperature', value: '0.2' },
        ],
      },
      { model: 'simulated/quick', fallbackOn: [], settings: [], simulate: undefined },
    ]);
  });

  test('says of tools what they reach and whether a call may be repeated', () => {
    const tools = readTools({
      tools: [
        { type: 'http', name: 'find', url: 'http://a/{id}', method: 'GET', timeout: 5_000, maxResponseBytes: 65_536 },
        { type: 'http', name: 'cancel', url: 'http://a', method: 'POST', description: 'Cancels.' },
        { type: 'mcp', name: 'crm', command: 'node', args: ['crm.js'], sideEffect: 'read' },
        { type: 'agent', name: 'decide', agent: 'refunds' },
      ],
    });
    expect(tools.map(({ name, target, sideEffect }) => [name, target, sideEffect])).toEqual([
      ['find', 'GET http://a/{id}', 'read'],
      ['cancel', 'POST http://a', 'write'],
      ['crm', 'node crm.js', 'read'],
      ['decide', 'refunds', null],
    ]);
    expect(tools[0]?.settings).toEqual([
      { name: 'timeout', value: '5 s' },
      { name: 'max response bytes', value: '64.0 KiB' },
    ]);
  });

  test('says limits, sessions and budgets with their units', () => {
    const session = {
      ttl: 2_592_000_000,
      onBusy: 'queue',
      history: { maxTurns: 40, compact: 'drop', keepTurns: null },
    };
    expect(listSettings(session)).toEqual([
      { name: 'ttl', value: '30 d' },
      { name: 'on busy', value: 'queue' },
      { name: 'history · max turns', value: '40' },
      { name: 'history · compact', value: 'drop' },
    ]);
    expect(listSettings({ stop: ['a', 'b'], rules: [{}, {}] }).map(({ value }) => value)).toEqual([
      'a, b',
      '2 entries',
    ]);
    expect(listSettings({ maxCostPerTurn: '0.25', turnTimeout: '2m' })).toEqual([
      { name: 'max cost per turn', value: '$0.25' },
      { name: 'turn timeout', value: '2m' },
    ]);
    const budgets = [
      {
        scope: 'agent',
        usd: '200',
        period: 'day',
        timezone: 'Europe/Berlin',
        notifyAt: [80, 100],
        action: 'downgrade',
      },
      { scope: 'agent', usd: '9', period: 'hour', notifyAt: [100], notify: ['oncall', 'finance'], action: 'warn' },
      { scope: 'label:team', usd: '5', period: 'total', timezone: 'UTC', notifyAt: [], action: 'block' },
    ];
    expect(readBudgets({ budgets })).toEqual([
      '$200 a day for the agent · Europe/Berlin time · tells at 80 %, 100 % · then downgrade',
      '$9 an hour for the agent · tells oncall, finance at 100 % · then warn',
      '$5 in all for each value of team · then block',
    ]);
    expect(readEvals({ evals: [{ id: 'polite', type: 'rubric', sampleRate: 0.05 }] })).toEqual([
      {
        id: 'polite',
        settings: [
          { name: 'type', value: 'rubric' },
          { name: 'sample rate', value: '0.05' },
        ],
      },
    ]);
  });

  test('leaves out what has another form, and does not fall over it', () => {
    const odd = { model: 'x', tools: { a: 1 }, variables: ['a'], budgets: null, evals: 7, instructions: [] };
    expect([readModels(odd), readTools(odd), readBudgets(odd), readEvals(odd)]).toEqual([[], [], [], []]);
    expect(readInstructions(odd)).toBe('');
    expect(readModels({ model: [null] })).toEqual([
      { model: 'unknown', settings: [], fallbackOn: [], simulate: undefined },
    ]);
  });
});

describe('variables of a turn', () => {
  const variables = readVariables({
    variables: {
      who: { type: 'string', required: true, description: 'Whom.' },
      days: { type: 'number', required: false, default: 5 },
      polite: { type: 'boolean' },
    },
  });

  test('are declared with type, default and whether they are needed', () => {
    expect(variables).toEqual([
      { name: 'who', type: 'string', description: 'Whom.', required: true, default: null },
      { name: 'days', type: 'number', description: null, required: false, default: 5 },
      { name: 'polite', type: 'boolean', description: null, required: false, default: null },
    ]);
  });

  test('are sent as they were typed; what is empty is left to its default', () => {
    expect(readTyped(variables, { who: 'Ann', days: '7.5', polite: 'true' })).toEqual({
      values: { who: 'Ann', days: '7.5', polite: 'true' },
      problems: {},
    });
    expect(readTyped(variables, { who: 'Ann', days: ' ' }).values).toEqual({ who: 'Ann' });
  });

  test('are refused where one is missing or no number', () => {
    const { problems } = readTyped(variables, { days: 'soon' });
    expect(Object.keys(problems)).toEqual(['who', 'days']);
    expect(problems['days']).toBe('“soon” is no number.');
  });
});
