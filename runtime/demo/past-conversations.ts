import type { LoadedAgent } from '../definition/read-definition.ts';
import { createRandom } from '../models/simulated-random.ts';
import type { Session, Turn, TurnInput } from '../sessions/record.ts';
import type { TurnRecord } from '../telemetry/turn-record.ts';
import { articles } from './library-articles.ts';
import { type PastDay, pickTime } from './past-days.ts';
import { makePastTools } from './past-tools.ts';
import type { PastScene } from './past-scene.ts';
import { playTurn } from './past-turn.ts';
import { makeUser, replyTo, type User } from './user.ts';
import { makeWorld } from './world.ts';

/** What the script in a loop asks on the day of the spike. */
const spikeConversations = 16;
const turnsMax = 6;
const outageShare = 0.75;
const outageHours = [9, 16] as const;
const thinkMsMin = 8_000;
const thinkMsMore = 60_000;
const sessionDays = 30;
/** Only these are played without their servers. */
const pastAgents = ['support', 'research'];

/** The conversations of a past day, each as the records of its turns: always the same for the same day and samples. */
export function playDay(day: PastDay, agents: readonly LoadedAgent[]): TurnRecord[][] {
  const world = makeWorld(day.startMs);
  const toolsOf = makePastTools(world);
  const findAgent = (name: string): LoadedAgent => {
    const found = agents.find(({ definition }) => definition.name === name);
    if (found === undefined) throw new Error(`there is no sample agent ${name}`);
    return found;
  };
  const play = (user: User, name: string, startMs: number) => {
    const hour = (startMs - day.startMs) / 3_600_000;
    const isDown = day.isOutage && hour >= outageHours[0] && hour < outageHours[1];
    const outage = isDown ? outageShare : 0.01;
    const scene: PastScene = { findAgent, toolsOf, tier: user.customer.tier, outage, random: user.random };
    return converse(scene, { user, sessionId: `demo-${day.date}-${name}`, startMs });
  };
  const conversations: TurnRecord[][] = [];
  for (let i = 0, number = 0; i < day.conversations; number += 1) {
    const user = makeUser(world, day.number, number);
    if (!pastAgents.includes(user.model.replace('agent/', ''))) continue;
    conversations.push(play(user, String(i), day.startMs + pickTime(user.random)));
    i += 1;
  }
  if (!day.isSpike) return conversations;
  const script = makeScript(makeUser(world, day.number, 0));
  const every = 35 * 60_000;
  const looped = Array.from({ length: spikeConversations }, (_, i) => {
    const user = { ...script, random: createRandom('spike', day.number, i) };
    return play(user, `loop-${i}`, day.startMs + 8 * 3_600_000 + i * every);
  });
  return [...conversations, ...looped];
}

/** A job that somebody forgot: it asks for everything, again and again. */
function makeScript(user: User): User {
  const lines = articles.slice(0, turnsMax).map(({ title }) => `What is known about ${title.toLowerCase()}?`);
  const persona = {
    ...user.persona,
    name: 'a script in a loop',
    labels: { channel: 'batch', team: 'growth', use_case: 'newsletter' },
  };
  const customer = { ...user.customer, email: 'newsletter-job@example.org', tier: 'plus' as const };
  return { ...user, persona, customer, model: 'agent/research', goal: { lines } };
}

interface Conversation {
  user: User;
  sessionId: string;
  startMs: number;
}

function converse(scene: PastScene, { user, sessionId, startMs }: Conversation): TurnRecord[] {
  const { persona, customer, goal, random } = user;
  const agent = scene.findAgent(user.model.replace('agent/', ''));
  const session: Session = {
    id: sessionId,
    agent: agent.definition.name,
    revision: agent.revision,
    user: customer.email,
    parent: null,
    imported: [],
    createdMs: startMs,
    expiresMs: startMs + sessionDays * 86_400_000,
  };
  const records: TurnRecord[] = [];
  const earlier: Turn[] = [];
  const said: string[] = [];
  let nowMs = startMs;
  for (let next = goal.lines[0]; next !== undefined && said.length < turnsMax;) {
    said.push(next);
    const input: TurnInput = {
      messages: [{ content: [{ type: 'text', text: next }] }],
      system: [],
      variables: { customer_name: customer.name },
      labels: { ...persona.labels, customer_tier: customer.tier },
      user: customer.email,
      traceparent: null,
    };
    const played = playTurn(scene, { agent, session, earlier: [...earlier], input, startMs: nowMs });
    records.push(...played.below, played.record);
    earlier.push(played.record.turn);
    const { text, state, atMs } = played.end;
    nowMs = Math.round(atMs + thinkMsMin + random() * thinkMsMore);
    next = replyTo({ answer: text, said, failed: state !== 'completed', random }, goal);
  }
  return records;
}
