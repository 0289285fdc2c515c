import type { LoadedAgent } from '../definition/read-definition.ts';
import type { ToolSpec } from '../models/model.ts';
import type { SideEffect, ToolFailureKind } from '../tools/tool.ts';
import { readArticle, searchArticles } from './library-search.ts';
import { ShopDesk } from './shop-desk.ts';
import { slowOrderId, type World } from './world.ts';

/** A tool as it was on a past day. */
export interface PastTool {
  spec: ToolSpec;
  type: 'http' | 'mcp' | 'agent';
  sideEffect: SideEffect;
  /** Of agents: which one. */
  agent?: string;
  /** Absent of agents. */
  call?: (args: Readonly<Record<string, unknown>>) => PastResult;
}

export interface PastResult {
  text: string;
  failure?: ToolFailureKind;
  /** As long as it usually takes. */
  ms: number;
}

const shopMs = 90;
const libraryMs = 12;
const timeoutMs = 5_000;

/** The tools of the sample agents that talked in the past: support, refunds, research and fact-checker. */
export function makePastTools(world: World): (agent: LoadedAgent) => PastTool[] {
  const desk = new ShopDesk(world);
  const shop: Record<string, NonNullable<PastTool['call']>> = {
    find_order: ({ order_id: id }) =>
      id === slowOrderId
        ? { text: 'The call failed: no answer within 5 s (tried 3 times).', failure: 'timeout', ms: timeoutMs }
        : readAnswer(desk.findOrder(String(id))),
    cancel_order: ({ order_id: id }) => readAnswer(desk.cancelOrder(String(id))),
    search_products: ({ query }) => readAnswer({ status: 200, body: desk.searchProducts(String(query)) }),
  };
  return ({ definition }) =>
    definition.tools.flatMap((tool): PastTool[] => {
      if (tool.type === 'agent') {
        const spec = { name: tool.name, description: tool.description, input: messageInput };
        return [{ spec, type: 'agent', sideEffect: 'idempotent', agent: tool.agent }];
      }
      if (tool.type === 'mcp') return tool.name === 'library' ? libraryTools(tool.allow) : [];
      const { name, description, input = { type: 'object' }, sideEffect, method } = tool;
      const call = shop[name];
      if (call === undefined) return [];
      const effect = sideEffect ?? (method === 'GET' ? 'read' : 'write');
      return [{ spec: { name, description, input }, type: 'http', sideEffect: effect, call }];
    });
}

const messageInput = { type: 'object', properties: { message: { type: 'string' } }, required: ['message'] };

function libraryTools(allow: readonly string[] | undefined): PastTool[] {
  const tools: PastTool[] = [
    {
      spec: {
        name: 'library__search_articles',
        description: 'Searches the articles of the library by words; the best first.',
        input: { type: 'object', properties: { query: { type: 'string' }, limit: { type: 'integer' } } },
      },
      type: 'mcp',
      sideEffect: 'read',
      call: ({ query, limit }) => ({
        text: JSON.stringify(searchArticles(String(query), Number(limit ?? 4))),
        ms: libraryMs,
      }),
    },
    {
      spec: {
        name: 'library__read_article',
        description: 'The whole text of one article.',
        input: { type: 'object', properties: { article_id: { type: 'string' } } },
      },
      type: 'mcp',
      sideEffect: 'read',
      call: ({ article_id: id }) => {
        const read = readArticle(String(id));
        if ('fault' in read) return { text: read.fault, failure: 'tool_error', ms: libraryMs };
        return { text: JSON.stringify(read), ms: libraryMs };
      },
    },
  ];
  return tools.filter(({ spec }) => allow === undefined || allow.includes(spec.name.replace('library__', '')));
}

function readAnswer({ status, body }: { status: number; body: object }): PastResult {
  const text = JSON.stringify(body);
  if (status < 400) return { text, ms: shopMs };
  const failure = status >= 500 ? 'upstream_5xx' : 'upstream_4xx';
  return { text: `HTTP ${status}: ${text}`, failure, ms: shopMs };
}
