import DOMPurify, { type Config } from 'dompurify';
import { Marked, type Tokens } from 'marked';
import { highlightCode } from './highlight.ts';

export type MarkdownRenderer = (text: string) => DocumentFragment;

const safe = {
  ALLOWED_TAGS: [
    ...['p', 'br', 'hr', 'strong', 'em', 'del', 'code', 'pre', 'span', 'blockquote', 'ul', 'ol', 'li', 'a'],
    ...['table', 'thead', 'tbody', 'tr', 'th', 'td', 'div', 'input'],
  ],
  ALLOWED_ATTR: ['href', 'class', 'align', 'start', 'type', 'checked', 'disabled', 'tabindex'],
  ALLOWED_URI_REGEXP: /^(?:https?:\/\/|mailto:)/i,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
} as const satisfies Record<string, unknown>;

const marked = new Marked({
  gfm: true,
  breaks: true,
  async: false,
  renderer: {
    // Markup in a message is content, not page: it is shown as typed.
    html: ({ text }) => escapeHtml(text),
    // A remote image would tell its host that somebody reads this trace.
    image: ({ href, text }) =>
      `<span class="image-link">image not loaded: ${escapeHtml(text)} <a href="${escapeHtml(href)}">${escapeHtml(href)}</a></span>`,
    // The page has its own headings; those of a message are only large.
    heading({ tokens, depth }) {
      return `<p class="heading heading-${depth}">${this.parser.parseInline(tokens)}</p>`;
    },
    code: ({ text, lang }: Tokens.Code) =>
      `<pre tabindex="0"><code>${highlightCode(text, lang) ?? escapeHtml(text)}</code></pre>`,
    checkbox: ({ checked }) => (checked ? '☑ ' : '☐ '),
  },
});

/** Markdown as nodes that cannot run, load or restyle anything. */
export const renderMarkdown: MarkdownRenderer = (text) => {
  const html = marked.parse(text) as string; // async is off
  const config: Config & { RETURN_DOM_FRAGMENT: true } = {
    ...safe,
    ALLOWED_TAGS: [...safe.ALLOWED_TAGS],
    ALLOWED_ATTR: [...safe.ALLOWED_ATTR],
    RETURN_DOM_FRAGMENT: true,
  };
  const fragment = DOMPurify.sanitize(html, config);
  for (const link of fragment.querySelectorAll('a')) {
    link.rel = 'noopener noreferrer nofollow';
    link.target = '_blank';
    // What the words promise and where it leads may differ.
    link.title = link.getAttribute('href') ?? 'A link of a kind that is not opened from here.';
  }
  return fragment;
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
