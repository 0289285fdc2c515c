import type { Part } from '../../api/types.ts';

export type MediaPart = Extract<Part, { type: 'media' }>;

/** What a browser draws without running anything; SVG can hold scripts and stays a file. */
const drawnTypes = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']);
const base64 = /^[A-Za-z0-9+/_\s-]+={0,2}\s*$/;

/** A `data:` address for an image that came along with the message; undefined for anything else. */
export function imageAddress(part: MediaPart): string | undefined {
  const type = part.mimeType?.toLowerCase() ?? '';
  if (part.content === undefined || !drawnTypes.has(type) || !base64.test(part.content)) return undefined;
  return `data:${type};base64,${part.content.replace(/\s/g, '').replaceAll('-', '+').replaceAll('_', '/')}`;
}

/** Bytes of the decoded content. */
export function contentBytes(content: string): number {
  const digits = content.replace(/[\s=]/g, '').length;
  return Math.floor((digits * 3) / 4);
}

/** Whether an address may become a link: the web only, never a script. */
export function isWebAddress(uri: string): boolean {
  return /^https?:\/\//i.test(uri);
}
