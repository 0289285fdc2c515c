import { toolLimits } from '../definition/tool-schema.ts';

/** One message of an MCP server. */
export const messageBytesMax = toolLimits.responseBytes;

export const tooLarge = `it sent a message of more than ${messageBytesMax.toLocaleString('en-US')} bytes`;

/** An answer that is too long to be read. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';

  constructor() {
    super(tooLarge);
  }
}
