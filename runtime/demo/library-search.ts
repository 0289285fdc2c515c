import { keywordsOf } from '../models/simulated-words.ts';
import { type Article, articles, lostArticleId } from './library-articles.ts';

const excerptLength = 140;
/** Words of titles and topics say more than words of texts. */
const titleWeight = 3;

/** The articles that have most words of the query, the best first, with how they begin. */
export function searchArticles(query: string, limit: number) {
  const words = keywordsOf(query);
  const found = articles
    .map((article) => {
      const title = keywordsOf(`${article.title} ${article.topic}`);
      const text = keywordsOf(article.text);
      const score = words.reduce(
        (sum, word) => sum + (title.includes(word) ? titleWeight : 0) + (text.includes(word) ? 1 : 0),
        0,
      );
      return { article, score };
    })
    .filter(({ score }) => score >= titleWeight)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, limit);
  return {
    query,
    count: found.length,
    articles: found.map(({ article: { id, title, year, text } }) => ({
      id,
      title,
      year,
      excerpt: `${text.slice(0, excerptLength)}…`,
    })),
  };
}

export function readArticle(id: string): Article | { fault: string } {
  const article = articles.find((one) => one.id === id);
  if (article === undefined) return { fault: `there is no article ${id}` };
  return id === lostArticleId ? { fault: `article ${id} is listed, but its text is lost` } : article;
}
