import { findReferences } from '../definition/secrets.ts';
import type { LoadedAgent } from '../definition/read-definition.ts';
import type { Tool } from '../definition/tool-schema.ts';

type Definition = LoadedAgent['definition'];

const sideEffects = ['read', 'idempotent', 'write'];
const captures = ['none', 'redacted', 'full'];
/** What bounds an agent; more, or nothing in its place, is wider. */
const limits = [
  'maxSteps',
  'maxToolCalls',
  'maxParallelToolCalls',
  'turnTimeout',
  'maxCostPerTurn',
  'maxCostPerSession',
  'concurrency',
  'requestsPerMinute',
  'tokensPerMinute',
] as const;
const budgetActions = ['warn', 'downgrade', 'pause', 'block'];

/** What an agent may do, spend or record by a new definition and could not by the old one; a line each. */
export function findWidenings(before: Definition | undefined, after: Definition): string[] {
  const ofTools = after.tools.flatMap((tool) => {
    const old = before?.tools.find(({ name, type }) => name === tool.name && type === tool.type);
    return (old === undefined ? describeNewTool(tool) : compareTool(old, tool)).map((text) => `${tool.name} ${text}`);
  });
  if (before === undefined) return ofTools;
  const isRecordingMore = captures.indexOf(after.capture) > captures.indexOf(before.capture);
  return [
    ...ofTools,
    ...compareLimits(before, after),
    ...compareBudgets(before, after),
    ...(isRecordingMore ? [`spans record more of what is said: capture ${before.capture} → ${after.capture}`] : []),
  ];
}

function describeNewTool(tool: Tool): string[] {
  if (tool.type === 'agent') return [];
  const effect = sideEffectOf(tool);
  return [
    ...(tool.type === 'mcp' && tool.command !== undefined ? [`is new and runs a program: ${tool.command}`] : []),
    ...(effect === 'read' ? [] : [`is new and may ${effect === 'write' ? 'write' : 'change things'} (${effect})`]),
    ...(tool.allowPrivateAddress ? ['is new and may call private addresses'] : []),
  ];
}

function compareTool(old: Tool, tool: Tool): string[] {
  if (tool.type === 'agent' || old.type === 'agent') {
    const isOther = tool.type === 'agent' && old.type === 'agent' && tool.agent !== old.agent;
    return isOther ? [`asks another agent: ${old.agent} → ${tool.agent}`] : [];
  }
  const [was, is] = [sideEffectOf(old), sideEffectOf(tool)];
  const isWider = sideEffects.indexOf(is) > sideEffects.indexOf(was);
  const isRepeated = sideEffects.indexOf(is) < sideEffects.indexOf(was);
  const gained = referencesOf(tool).filter((name) => !referencesOf(old).includes(name));
  return [
    ...(tool.allowPrivateAddress && !old.allowPrivateAddress ? ['may call private addresses'] : []),
    ...(isWider ? [`may do more than before: ${was} → ${is}`] : []),
    ...(isRepeated ? [`is repeated automatically when it fails: ${was} → ${is}`] : []),
    ...(placeOf(old) === placeOf(tool) ? [] : [`goes somewhere else: ${placeOf(old)} → ${placeOf(tool)}`]),
    ...(gained.length === 0 ? [] : [`is given ${gained.join(', ')} of the environment`]),
    ...(tool.type === 'mcp' && old.type === 'mcp' ? compareOffers(old, tool) : []),
  ];
}

type McpTool = Extract<Tool, { type: 'mcp' }>;

function compareOffers(old: McpTool, tool: McpTool): string[] {
  const lifted = (old.deny ?? []).filter((name) => tool.deny?.includes(name) !== true);
  const gained = (tool.allow ?? []).filter((name) => old.allow?.includes(name) === false);
  return [
    ...(old.allow !== undefined && tool.allow === undefined ? ['offers all tools of its server'] : []),
    ...(gained.length === 0 ? [] : [`offers ${gained.join(', ')}`]),
    ...(lifted.length === 0 ? [] : [`does not deny ${lifted.join(', ')} any more`]),
  ];
}

function compareLimits({ limits: old }: Definition, { limits: now }: Definition): string[] {
  return limits.flatMap((name) => {
    const [was, is] = [old[name], now[name]];
    if (was === undefined || (is !== undefined && Number(is) <= Number(was))) return [];
    return [is === undefined ? `limits.${name} is gone` : `limits.${name} is higher`];
  });
}

function compareBudgets({ budgets: old }: Definition, { budgets: now }: Definition): string[] {
  return old.flatMap((budget) => {
    const name = `the budget of each ${budget.scope} per ${budget.period}`;
    const same = now.find(({ scope, period }) => scope === budget.scope && period === budget.period);
    if (same === undefined) return [`${name} is gone`];
    return [
      ...(Number(same.usd) > Number(budget.usd) ? [`${name} is higher: $${budget.usd} → $${same.usd}`] : []),
      ...(budgetActions.indexOf(same.action) < budgetActions.indexOf(budget.action)
        ? [`${name} does less when it is used up: ${budget.action} → ${same.action}`]
        : []),
    ];
  });
}

function sideEffectOf(tool: Exclude<Tool, { type: 'agent' }>): string {
  if (tool.sideEffect !== undefined) return tool.sideEffect;
  return tool.type === 'http' && tool.method === 'GET' ? 'read' : 'write';
}

/** The server that is called or the program that runs, references unresolved. */
function placeOf(tool: Exclude<Tool, { type: 'agent' }>): string {
  if (tool.type === 'mcp' && tool.command !== undefined) return [tool.command, ...(tool.args ?? [])].join(' ');
  return /^(\$\{[^}]*\}|https?:\/\/[^/?#]*)/.exec(tool.url ?? '')?.[0] ?? '';
}

function referencesOf(tool: Exclude<Tool, { type: 'agent' }>): string[] {
  const texts = [
    tool.url ?? '',
    ...Object.values(tool.headers ?? {}),
    ...Object.values(tool.type === 'mcp' ? (tool.env ?? {}) : {}),
  ];
  return [...new Set(texts.flatMap((text) => findReferences(text).map(({ name }) => name)))];
}
