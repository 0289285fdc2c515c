import { fillInstructions } from './run/fill-instructions.ts';
import type { AgentPool } from './run/agent-pool.ts';
import type { Session, Turn } from './sessions/record.ts';
import { StoreUnavailableError } from './sessions/store.ts';
import type { AgentFacts } from './telemetry/turn-record.ts';

/** How long one waits for the schemas of tools, which servers tell. */
const toolsLimitMs = 5_000;

/** What spans tell of the agent of a turn; undefined where its revision cannot be read any more. */
export async function describeTurnAgent(
  agents: AgentPool,
  session: Session,
  turn: Turn,
): Promise<AgentFacts | undefined> {
  const agent = await agents.open(session.revision).catch((error: unknown) => {
    if (error instanceof StoreUnavailableError) throw error;
    return undefined;
  });
  if (agent === undefined) return undefined;
  const { name, description, labels, capture } = agent.definition;
  // Another process ran the turn, and none of this agent ran here yet.
  if (offeredTools(turn).some((tool) => !agent.knownTools.has(tool)))
    await agent.toolBox.open(AbortSignal.timeout(toolsLimitMs));
  return {
    ...{ name, description, labels, capture },
    instructions: fillInstructions(agent.definition, turn.input.variables),
    tools: [...agent.knownTools.values()],
  };
}

function offeredTools({ entries }: Turn): string[] {
  return entries.flatMap((entry) => (entry.type === 'step' ? entry.saw.tools : []));
}
