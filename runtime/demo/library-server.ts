import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { readArticle, searchArticles } from './library-search.ts';
import { jsonResult, toolFault } from './mcp-results.ts';

const foundMax = 4;
/** A whole draft may be what somebody looks for. */
const queryLengthMax = 5_000;

/** A library of articles as an MCP server on standard input and output. It ends when its input does. */
async function main(): Promise<void> {
  const server = new McpServer({ name: 'demo-library', version: '1.0.0' });
  server.registerTool(
    'search_articles',
    {
      description: 'Searches the articles of the library by words; the best first.',
      inputSchema: { query: z.string().min(1).max(queryLengthMax), limit: z.int().min(1).max(10).default(foundMax) },
      annotations: { readOnlyHint: true },
    },
    ({ query, limit }) => jsonResult(searchArticles(query, limit)),
  );
  server.registerTool(
    'read_article',
    {
      description: 'The whole text of one article.',
      inputSchema: { article_id: z.string().regex(/^a\d{2}$/) },
      annotations: { readOnlyHint: true },
    },
    ({ article_id: id }) => {
      const read = readArticle(id);
      return 'fault' in read ? toolFault(read.fault) : jsonResult(read);
    },
  );
  await server.connect(new StdioServerTransport());
}

await main();
