import type { Attachment } from 'svelte/attachments';

/** So far outside the view something is drawn already. */
const aheadPx = 900;

/**
 * Tells whether an element is in or near the view of the nearest scrolling ancestor, and how tall it was when it left it:
 * a placeholder of that height keeps everything else in its place.
 */
export function whenNear(onchange: (isNear: boolean, height: number) => void): Attachment<HTMLElement> {
  return (element) => {
    const root = element.closest<HTMLElement>('[data-scroller]');
    const observer = new IntersectionObserver(
      (entries) => {
        const entry = entries.at(-1);
        if (entry !== undefined) onchange(entry.isIntersecting, entry.boundingClientRect.height);
      },
      { root, rootMargin: `${aheadPx}px 0px` },
    );
    observer.observe(element);
    return () => observer.disconnect();
  };
}
