import { type Content, listOf, objectOf, textOf, textsOf } from './content.ts';
import { type Setting, listSettings } from './settings.ts';

/*
 * A definition as words. Its form is the runtime's: what is not there, or is of another kind than expected, is left out
 * here and stands in the JSON below it.
 */

export interface ModelWords {
  model: string;
  settings: Setting[];
  /** Empty: for every reason. */
  fallbackOn: string[];
  /** Of a simulated model: how it plays its part. */
  simulate: unknown;
}

export interface ToolWords {
  name: string;
  type: string;
  description: string | null;
  /** The address, command or agent behind it. */
  target: string | null;
  sideEffect: string | null;
  settings: Setting[];
  /** JSON Schema of what the model gives. */
  input: unknown;
}

export interface VariableWords {
  name: string;
  type: 'string' | 'number' | 'boolean';
  description: string | null;
  required: boolean;
  default: string | number | boolean | null;
}

const toolHead = ['type', 'name', 'description', 'url', 'command', 'args', 'agent', 'method', 'input', 'sideEffect'];

export function readModels(definition: Content): ModelWords[] {
  return listOf(definition['model']).map((one) => {
    if (typeof one === 'string') return { model: one, settings: [], fallbackOn: [], simulate: undefined };
    const { model, fallbackOn, simulate, ...rest } = objectOf(one);
    const settings = listSettings(rest);
    return { model: textOf(model) ?? 'unknown', settings, fallbackOn: textsOf(fallbackOn), simulate };
  });
}

export function readTools(definition: Content): ToolWords[] {
  return listOf(definition['tools']).map((one) => {
    const tool = objectOf(one);
    const type = textOf(tool['type']) ?? 'unknown';
    return {
      name: textOf(tool['name']) ?? 'unnamed',
      type,
      description: textOf(tool['description']) ?? null,
      target: targetOf(tool),
      sideEffect: sideEffectOf(tool, type),
      settings: listSettings(Object.fromEntries(Object.entries(tool).filter(([name]) => !toolHead.includes(name)))),
      input: tool['input'],
    };
  });
}

export function readVariables(definition: Content): VariableWords[] {
  return Object.entries(objectOf(definition['variables'])).map(([name, one]) => {
    const variable = objectOf(one);
    const { type, default: given } = variable as { type?: unknown; default?: unknown };
    return {
      name,
      type: type === 'number' || type === 'boolean' ? type : 'string',
      description: textOf(variable['description']) ?? null,
      required: variable['required'] === true,
      default: typeof given === 'string' || typeof given === 'number' || typeof given === 'boolean' ? given : null,
    };
  });
}

export function readInstructions(definition: Content): string {
  const instructions = definition['instructions'];
  if (typeof instructions === 'string') return instructions;
  const file = textOf(objectOf(instructions)['file']);
  return file === undefined ? '' : `file: ${file}`;
}

/** Instructions in pieces: text, and the variables in it. */
export function splitInstructions(text: string): { text: string; isVariable: boolean }[] {
  return text
    .split(/(\{\{\s*\w+\s*\}\})/)
    .filter((piece) => piece !== '')
    .map((piece) => ({ text: piece, isVariable: /^\{\{\s*\w+\s*\}\}$/.test(piece) }));
}

/** One line for each budget: `$200 a day for the agent · tells at 80 %, 100 % · then downgrade`. */
export function readBudgets(definition: Content): string[] {
  return listOf(definition['budgets']).map((one) => {
    const budget = objectOf(one);
    const period = textOf(budget['period']);
    const isTotal = period === undefined || period === 'total';
    const scope = textOf(budget['scope']) ?? 'agent';
    const who = scope === 'agent' ? 'the agent' : `each ${scope.replace(/^label:/, 'value of ')}`;
    const zone = textOf(budget['timezone']);
    const notifyAt = listOf(budget['notifyAt']).map((percent) => `${String(percent)} %`);
    return [
      `$${String(budget['usd'])} ${isTotal ? 'in all' : `${period === 'hour' ? 'an' : 'a'} ${period}`} for ${who}`,
      ...(zone === undefined || isTotal ? [] : [`${zone} time`]),
      ...(notifyAt.length === 0 ? [] : [`tells ${nameChannels(budget)}at ${notifyAt.join(', ')}`]),
      `then ${textOf(budget['action']) ?? 'block'}`,
    ].join(' · ');
  });
}

/** Whom a budget tells, if it says so. */
function nameChannels(budget: Content): string {
  const channels = textsOf(budget['notify']);
  return channels.length === 0 ? '' : `${channels.join(', ')} `;
}

export function readEvals(definition: Content): { id: string; settings: Setting[] }[] {
  return listOf(definition['evals']).map((one) => {
    const { id, ...rest } = objectOf(one);
    return { id: textOf(id) ?? '', settings: listSettings(rest) };
  });
}

export function readLabels(definition: Content): { key: string; value: string }[] {
  return Object.entries(objectOf(definition['labels'])).map(([key, value]) => ({ key, value: String(value) }));
}

function targetOf(tool: Content): string | null {
  const url = textOf(tool['url']);
  if (url !== undefined) return [...textsOf([tool['method']]), url].join(' ');
  const command = textOf(tool['command']);
  if (command !== undefined) return [command, ...textsOf(tool['args'])].join(' ');
  return textOf(tool['agent']) ?? null;
}

/** As declared, else as the runtime takes it. */
function sideEffectOf(tool: Content, type: string): string | null {
  const declared = textOf(tool['sideEffect']);
  if (declared !== undefined) return declared;
  if (type === 'http') return (textOf(tool['method']) ?? 'GET') === 'GET' ? 'read' : 'write';
  return type === 'mcp' ? 'write' : null;
}
