import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { articles, lostArticleId } from './library-articles.ts';
import { jsonResult, toolFault } from './mcp-results.ts';

const foundMax = 4;
const excerptLength = 140;
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
    ({ query, limit }) => {
      const found = search(query).slice(0, limit);
      return jsonResult({
        query,
        count: found.length,
        articles: found.map(({ id, title, year, text }) => ({
          id,
          title,
          year,
          excerpt: `${text.slice(0, excerptLength)}…`,
        })),
      });
    },
  );
  server.registerTool(
    'read_article',
    {
      description: 'The whole text of one article.',
      inputSchema: { article_id: z.string().regex(/^a\d{2}$/) },
      annotations: { readOnlyHint: true },
    },
    ({ article_id: id }) => {
      const article = articles.find((one) => one.id === id);
      if (article === undefined) return toolFault(`there is no article ${id}`);
      return id === lostArticleId ? toolFault(`article ${id} is listed, but its text is lost`) : jsonResult(article);
    },
  );
  // The package's own types are not written for exact optional properties.
  await server.connect(new StdioServerTransport() as Parameters<typeof server.connect>[0]);
}

function search(query: string) {
  const words = (query.toLowerCase().match(/\p{L}{4,}/gu) ?? []).map((word) => word.replace(/(ies|s)$/, ''));
  return articles
    .map((article) => {
      const title = `${article.title} ${article.topic}`.toLowerCase();
      const text = article.text.toLowerCase();
      const score = words.reduce(
        (sum, word) => sum + (title.includes(word) ? 3 : 0) + (text.includes(word) ? 1 : 0),
        0,
      );
      return { article, score };
    })
    .filter(({ score }) => score > 2)
    .toSorted((a, b) => b.score - a.score)
    .map(({ article }) => article);
}

await main();
