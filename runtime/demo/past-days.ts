import { createRandom, type Random } from '../models/simulated-random.ts';
import { readDay } from './world.ts';

/** A day of the past and how it went. */
export interface PastDay {
  /** `2026-11-02` */
  date: string;
  startMs: number;
  /** Days since 1970: what is drawn for a day depends on it and on nothing else. */
  number: number;
  conversations: number;
  /** A script in a loop asks the research agent all day. */
  isSpike: boolean;
  /** A provider is down for hours. */
  isOutage: boolean;
}

const msPerDay = 86_400_000;
/** Each comes once in so many days. */
const cycleDays = 30;
const spikeAt = 8;
const outageAt = 19;
const outageConversationsMin = 26;
/** Sunday first. */
const conversationsOn = [7, 23, 22, 21, 20, 17, 8] as const;

/** The days before today, oldest first. A day is the same whenever it is looked back at. */
export function listPastDays(todayMs: number, count: number): PastDay[] {
  const today = Math.floor(todayMs / msPerDay);
  return Array.from({ length: count }, (_, i) => describeDay(today - count + i));
}

function describeDay(number: number): PastDay {
  const startMs = number * msPerDay;
  const usual = conversationsOn[new Date(startMs).getUTCDay()] ?? 0;
  const random = createRandom('past day', number);
  const isOutage = number % cycleDays === outageAt;
  const conversations = Math.round(usual * (0.8 + 0.4 * random()));
  return {
    date: readDay(startMs),
    startMs,
    number,
    // An outage on a quiet day would hardly show.
    conversations: isOutage ? Math.max(conversations, outageConversationsMin) : conversations,
    isSpike: number % cycleDays === spikeAt,
    isOutage,
  };
}

/** A time of the day at which people write: most in the morning and in the afternoon. */
export function pickTime(random: Random): number {
  const hour = random() < 0.5 ? 9 + 3 * (random() + random() - 1) : 15 + 5 * (random() + random() - 1);
  return Math.round(hour * 3_600_000);
}
