import type { Part } from '../../api/types.ts';

export type MediaPart = Extract<Part, { type: 'media' }>;

/** What a browser draws without running anything; SVG can hold scripts and stays a file. */
const drawnTypes = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);
/** What a browser plays, by the names that emitters give it. */
const playedTypes: ReadonlyMap<string, string> = new Map([
  ...['audio/mpeg', 'audio/wav', 'audio/ogg', 'audio/webm', 'audio/flac', 'audio/aac', 'audio/mp4'].map(
    (type) => [type, type] as const,
  ),
  ...[
    ['audio/mp3', 'audio/mpeg'],
    ['audio/x-wav', 'audio/wav'],
    ['audio/wave', 'audio/wav'],
    ['audio/opus', 'audio/ogg'],
    ['audio/m4a', 'audio/mp4'],
    ['audio/x-m4a', 'audio/mp4'],
  ].map(([sent = '', type = '']) => [sent, type] as const),
]);
/** How a sound without a type begins, in base64. */
const beginnings = [
  ['UklGR', 'audio/wav'],
  ['SUQz', 'audio/mpeg'],
  ['//', 'audio/mpeg'],
  ['T2dnUw', 'audio/ogg'],
  ['ZkxhQ', 'audio/flac'],
] as const;
const base64 = /^[A-Za-z0-9+/_\s-]+={0,2}\s*$/;

/** A `data:` address for an image that came along with the message; undefined for anything else. */
export function imageAddress(part: MediaPart): string | undefined {
  const type = typeOf(part).replace(/^image\/jpg$/, 'image/jpeg');
  return drawnTypes.has(type) ? toDataAddress(type, part) : undefined;
}

/** A `data:` address for a sound that came along with the message; undefined for anything else. */
export function audioAddress(part: MediaPart): string | undefined {
  const sent = typeOf(part);
  const type =
    sent === '' && part.modality === 'audio'
      ? beginnings.find(([start]) => part.content?.startsWith(start))?.[1]
      : playedTypes.get(sent);
  return type === undefined ? undefined : toDataAddress(type, part);
}

/** What the sender called it; undefined where it did not. */
export function nameOfMedia(part: MediaPart): string | undefined {
  const names = [part['filename'], part['file_name'], part['title'], part['name']];
  return names.find((name) => typeof name === 'string' && name !== '') as string | undefined;
}

/** The type without its parameters: `audio/ogg; codecs=opus` is `audio/ogg`. */
function typeOf({ mimeType }: MediaPart): string {
  return mimeType?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

function toDataAddress(type: string, { content, truncatedBytes }: MediaPart): string | undefined {
  if (content === undefined || truncatedBytes !== undefined || !base64.test(content)) return undefined;
  return `data:${type};base64,${content.replace(/\s/g, '').replaceAll('-', '+').replaceAll('_', '/')}`;
}

/** Bytes of what was sent, about so many where it was cut; undefined where it did not come along. */
export function bytesOf({ content, truncatedBytes }: MediaPart): number | undefined {
  // What was cut says how long its base64 was.
  if (truncatedBytes !== undefined) return Math.floor((truncatedBytes * 3) / 4);
  return content === undefined ? undefined : contentBytes(content);
}

/** Bytes of the decoded content. */
function contentBytes(content: string): number {
  const digits = content.replace(/[\s=]/g, '').length;
  return Math.floor((digits * 3) / 4);
}

/** Whether an address may become a link: the web only, never a script. */
export function isWebAddress(uri: string): boolean {
  return /^https?:\/\//i.test(uri);
}
