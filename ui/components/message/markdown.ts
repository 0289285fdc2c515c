import type { Attachment } from 'svelte/attachments';
import type { MarkdownRenderer } from './markdown-renderer.ts';

let loading: Promise<MarkdownRenderer> | undefined;
let renderer: MarkdownRenderer | undefined;

/**
 * Fills an element with markdown made safe: no scripts, no remote images, no styles, only web and mail
 * links. The parser is fetched with the first text; until then, and if it cannot be fetched, the text stands
 * there as it is.
 */
export function markdown(text: string): Attachment<HTMLElement> {
  return (element) => {
    let isGone = false;
    if (renderer) element.replaceChildren(renderer(text));
    else {
      element.textContent = text;
      void load().then(
        (render) => {
          if (!isGone) element.replaceChildren(render(text));
        },
        () => undefined, // the plain text stays
      );
    }
    return () => {
      isGone = true;
    };
  };
}

async function load(): Promise<MarkdownRenderer> {
  loading ??= import('./markdown-renderer.ts').then((module) => module.renderMarkdown);
  renderer = await loading;
  return renderer;
}
