import { createHash } from 'node:crypto';
import type { LoadedAgent } from '../definition/read-definition.ts';
import type { Random } from '../models/simulated-random.ts';
import type { PastTool } from './past-tools.ts';

/** What a turn of the past has around it. */
export interface PastScene {
  findAgent: (name: string) => LoadedAgent;
  toolsOf: (agent: LoadedAgent) => PastTool[];
  tier: string;
  /** The share of calls of the first model that fail; most days 0. */
  outage: number;
  random: Random;
}

/** Ids of the past: the same whenever it is played. */
export function hashId(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}
