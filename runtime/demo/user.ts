import { createRandom, pick, type Random } from '../models/simulated-random.ts';
import { type Goal, type Persona, personas } from './personas.ts';
import type { Customer, World } from './world.ts';

/** Somebody who holds one conversation. */
export interface User {
  persona: Persona;
  customer: Customer;
  /** `agent/support`, or a model by its name. */
  model: string;
  goal: Goal;
  random: Random;
}

/** The same seed and number give the same user with the same first words; without a persona, one by weight. */
export function makeUser(world: World, seed: number, number: number, given?: Persona): User {
  const random = createRandom('user', seed, number);
  const customer = pick(world.customers, random);
  const drawn = pickPersona(random);
  const persona = given ?? drawn;
  const model = pick(persona.models, random);
  return { persona, customer, model, goal: persona.goal({ world, customer, random }), random };
}

/** By weight. */
function pickPersona(random: Random): Persona {
  let left = random() * personas.reduce((sum, { weight }) => sum + weight, 0);
  return personas.find(({ weight }) => (left -= weight) < 0) ?? pick(personas, random);
}

interface Heard {
  answer: string;
  /** All that the user said so far. */
  said: readonly string[];
  /** The turn ended without a whole answer. */
  failed: boolean;
  random: Random;
}

/** The next thing that somebody says after an answer; undefined: he or she leaves. */
export function replyTo({ answer, said, failed, random }: Heard, goal: Goal): string | undefined {
  const once = (line: string) => (said.includes(line) ? undefined : line);
  if (/shall i cancel/i.test(answer)) return goal.confirms === true ? 'Yes, please do.' : 'No, leave it as it is.';
  if (/order number|which order|which one is it about/i.test(answer) && goal.orderId !== undefined) {
    const given = once(`It is order ${goal.orderId}.`);
    if (given !== undefined) return given;
  }
  if (failed || /sorry|cannot|could not|problem/i.test(answer)) {
    if (goal.isImpatient === true && random() < 0.5) return once('That is unacceptable. I want to talk to a human.');
    if (goal.isPatient !== true && random() < 0.25) return undefined;
  }
  return goal.lines.find((line) => !said.includes(line));
}
