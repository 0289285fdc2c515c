import { isDeepStrictEqual } from 'node:util';
import type { CallToolResult, ContentBlock } from '@modelcontextprotocol/sdk/types.js';

/** A result as the model reads it; what is no text is named with its type and size. */
export function describeContent({ content, structuredContent }: CallToolResult): string {
  const texts = content.map(describeBlock);
  if (structuredContent !== undefined && !content.some((block) => saysTheSame(block, structuredContent))) {
    texts.push(JSON.stringify(structuredContent));
  }
  return texts.join('\n');
}

function describeBlock(block: ContentBlock): string {
  switch (block.type) {
    case 'text':
      return block.text;
    case 'image':
    case 'audio':
      return `[${block.type}, ${block.mimeType}, ${countBytes(block.data)} bytes: not shown]`;
    case 'resource_link':
      return `[resource ${block.uri}: ${[block.title ?? block.name, block.description, block.mimeType].filter((one) => one !== undefined).join(', ')}]`;
    case 'resource': {
      const { resource } = block;
      if ('text' in resource) return `[resource ${resource.uri}]\n${resource.text}`;
      return `[resource ${resource.uri}, ${resource.mimeType ?? 'no type'}, ${countBytes(resource.blob)} bytes: not shown]`;
    }
  }
}

/** Of what base64 stands for. */
function countBytes(base64: string): string {
  return Buffer.byteLength(base64, 'base64').toLocaleString('en-US');
}

/** Servers repeat structured content as text for clients that do not know it. */
function saysTheSame(block: ContentBlock, structured: unknown): boolean {
  if (block.type !== 'text') return false;
  try {
    return isDeepStrictEqual(JSON.parse(block.text), structured);
  } catch {
    return false;
  }
}
