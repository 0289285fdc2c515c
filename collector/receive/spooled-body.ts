import { z } from 'zod';
import type { BodyCodec } from '../write/spool.ts';
import type { TakenBody } from './mapped-batch.ts';

/** What else a body says of itself is kept as it is. */
const takenHead = z.looseObject({
  signal: z.enum(['traces', 'logs']),
  encoding: z.enum(['protobuf', 'json']),
  projectId: z.string(),
});

/** A body on disk: its bytes as they were sent, and what its request said of them. */
export const bodyCodec: BodyCodec<TakenBody> = {
  encode: ({ body, ...head }) => ({ head, bytes: body }),
  decode: (head, bytes) => ({ ...takenHead.parse(head), body: bytes }),
};
