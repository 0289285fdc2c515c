import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadAgents } from '../../../../runtime/definition/load-agents.ts';
import { playDay } from '../../../../runtime/demo/past-conversations.ts';
import { listPastDays, type PastDay } from '../../../../runtime/demo/past-days.ts';
import { turnSpans } from '../../../../runtime/telemetry/turn-spans.ts';

const examples = join(import.meta.dirname, '../../../../runtime/examples');
const loaded = loadAgents([examples], undefined);
const agents = 'agents' in loaded ? loaded.agents : [];
const days = listPastDays(Date.UTC(2026, 10, 23, 12), 30);
const play = (day: PastDay | undefined) => (day === undefined ? [] : playDay(day, agents));

it('has a month of working days and weekends, one spike and one outage, whenever it is looked back at', () => {
  expect([days[0]?.date, days.at(-1)?.date]).toEqual(['2026-10-24', '2026-11-22']);
  expect(days.filter(({ isSpike }) => isSpike)).toHaveLength(1);
  expect(days.filter(({ isOutage }) => isOutage)).toHaveLength(1);
  const sum = (wanted: (day: number) => boolean) =>
    days
      .filter(({ startMs }) => wanted(new Date(startMs).getUTCDay()))
      .reduce((all, one) => all + one.conversations, 0);
  expect(sum((day) => day === 2)).toBeGreaterThan(2 * sum((day) => day === 6));
  const later = listPastDays(Date.UTC(2026, 10, 27), 30);
  expect(later.slice(0, 26)).toEqual(days.slice(4));
});

it('plays a day the same every time, within that day, and no id comes twice', () => {
  const day = days[3];
  const spans = play(day).flat().flatMap(turnSpans);
  expect(play(day).flat().flatMap(turnSpans)).toEqual(spans);
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
  const responses = spans.flatMap(({ attributes }) => attributes['gen_ai.response.id'] ?? []);
  expect(new Set(responses).size).toBe(responses.length);
  for (const { startMs, endMs } of spans) {
    expect(startMs).toBeGreaterThan(day?.startMs ?? 0);
    expect(endMs).toBeGreaterThanOrEqual(startMs);
    expect(endMs).toBeLessThan((day?.startMs ?? 0) + 86_400_000);
  }
});

it('has conversations with tools and other agents, of models that have prices', () => {
  const spans = play(days[4]).flat().flatMap(turnSpans);
  const values = (key: string) => new Set(spans.flatMap(({ attributes }) => attributes[key] ?? []));
  expect(values('gen_ai.agent.name')).toEqual(new Set(['support', 'refunds', 'research', 'fact-checker']));
  expect(values('gen_ai.provider.name')).toEqual(new Set(['anthropic', 'openai', 'gcp.gemini']));
  expect(values('gen_ai.tool.name')).toContain('find_order');
  expect(values('traceloop.association.properties.team')).toEqual(new Set(['customer-care', 'editorial']));
  expect(values('gen_ai.usage.cost')).toEqual(new Set());
});

it('fails more on the day of the outage and costs more on the day of the spike', () => {
  const failures = (day: PastDay | undefined) => {
    const spans = play(day).flat().flatMap(turnSpans);
    return spans.filter(({ error }) => error !== undefined).length / spans.length;
  };
  const quiet = days.find(({ isSpike, isOutage, conversations }) => !isSpike && !isOutage && conversations > 10);
  expect(failures(days.find(({ isOutage }) => isOutage))).toBeGreaterThan(3 * failures(quiet));
  const spike = play(days.find(({ isSpike }) => isSpike));
  const users = spike.flat().map(({ session }) => session.user);
  expect(users.filter((user) => user === 'newsletter-job@example.org').length).toBeGreaterThan(users.length / 2);
});
