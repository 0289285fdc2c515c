import { assert, constantFrom, integer, oneof, property, record, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AlertEvent } from '../../../../../server/contract/alerts.ts';
import { repetitionNote, slackMessage } from '../../../../../server/domain/alerts/message-slack.ts';
import { budgetEvent, ruleEvent } from '../../../../support/alert-events.ts';
import { findControls, findSlackFault, textsOf } from '../../../../support/slack-rules.ts';

const publicUrl = 'https://sightglass.example';
const nowMs = ruleEvent().atMs + 1_000;
const context = { publicUrl, nowMs, mayRepeat: false, isPlain: false };

describe('a message to Slack', () => {
  it('says what, how bad, how much of how much, since when, whereto, why, and what changed', () => {
    const message = slackMessage(ruleEvent(), context);
    expect(findSlackFault(message)).toBeUndefined();
    const [header, fields, causes, changes, links, footer] = (message.blocks ?? []).map((block) => textsOf(block));
    expect(header).toEqual(['🔴 Critical: Spend of one agent']);
    expect(fields).toEqual([
      '*State*\nfiring, critical',
      '*Spend*\n$61.80 of $50.00 (123.6 %)',
      '*agent*\n`checkout`',
      `*Since*\n${time('2026-11-23 13:55')}, for 5 min`,
      `*Window*\n${time('2026-11-23 13:00')} to ${time('2026-11-23 14:00')}`,
      `*Projection*\nused up ${time('2026-11-23 15:00')}; $120.50 at the end of the window`,
    ]);
    expect(causes?.[0]?.split('\n')).toEqual([
      '*Top causes*',
      '• model `gpt-5`: $40.00, +35 % against the window before',
      '• user `u_17`: $12.50',
      '• session `s-9`: $0.0042, ×25 against the window before',
    ]);
    expect(changes?.[0]?.split('\n')).toEqual([
      '*What changed in that time*',
      `• agent revision of \`checkout\`: \`a1b2\` → \`c3d4\` ${time('2026-11-23 13:30')}`,
    ]);
    expect(links).toEqual([
      '<https://sightglass.example/alerts?event=event-1|Open in Sightglass>  ·  ' +
        '<https://sightglass.example/costs?agent=checkout&amp;from=2026-11-23T13:00:00Z&amp;to=2026-11-23T14:00:00Z|Its calls>',
    ]);
    expect(footer).toEqual([`Sightglass, project \`shop\` · ${time('2026-11-23 14:00')} · event \`event-1\``]);
    expect(message.text).toBe('🔴 Critical: Spend of one agent – $61.80 of $50.00 (123.6 %)');
  });

  it.each([
    [
      50,
      '🟠 Budget at 50 %: November',
      'none yet; at 100 %: sessions pause until the budget is raised or its period ends',
    ],
    [100, '🔴 Budget used up: November', 'sessions pause until the budget is raised or its period ends'],
  ])('says of a budget at %d %% what happens', (threshold, title, action) => {
    const message = slackMessage(budgetEvent(threshold), context);
    expect(textsOf(message.blocks?.[0])).toEqual([title]);
    expect(textsOf(message.blocks?.[1])).toEqual(
      expect.arrayContaining(['*Budget used*\n$41.20 of $50.00 (82.4 %)', `*Action*\n${action}`]),
    );
  });

  it.each([
    [1, '1 session waits now; sessions pause until'],
    [72, '72 sessions wait now; sessions pause until'],
  ])('says that %d wait for the budget', (waitingSessions, action) => {
    const event = budgetEvent(100);
    const budget = event.budget === null ? null : { ...event.budget, waitingSessions };
    const fields = textsOf(slackMessage({ ...event, budget }, context).blocks?.[1]);
    expect(fields.find((text) => text.startsWith('*Action*'))).toContain(action);
  });

  it.each<[Partial<AlertEvent>, string]>([
    [{ to: 'resolved', severity: null }, '✅ Resolved: Spend of one agent'],
    [{ severity: 'warning' }, '🟠 Warning: Spend of one agent'],
    [{ isReminder: true }, '🔴 Still critical: Spend of one agent'],
    [{ to: 'no_data', severity: null, value: null }, '⚪ No data: Spend of one agent'],
    [{ isTest: true }, '🧪 Test: Spend of one agent'],
  ])('is headed by what happened: %j', (changes, title) => {
    expect(textsOf(slackMessage(ruleEvent(changes), context).blocks?.[0])).toEqual([title]);
  });

  it('says when it may be a repetition, and when it is late', () => {
    const late = { ...context, nowMs: nowMs + 3_600_000, mayRepeat: true };
    const footer = textsOf(slackMessage(ruleEvent(), late).blocks?.at(-1))[0];
    expect(footer).toContain('sent 1 h late');
    expect(footer).toContain(repetitionNote);
  });

  it('holds the same without a layout', () => {
    const { text, blocks } = slackMessage(ruleEvent(), { ...context, isPlain: true });
    expect(blocks).toBeUndefined();
    expect(text).toContain(
      '🔴 Critical: Spend of one agent\nState: firing, critical\nSpend: $61.80 of $50.00 (123.6 %)',
    );
    expect(text).toContain('<https://sightglass.example/alerts?event=event-1|Open in Sightglass>');
  });

  it('cannot be steered by a name', () => {
    const name = '<!channel> & <https://evil.example|free> @here #general\n*Resolved*\u202e `x` <@U012AB3CD>';
    const message = slackMessage(named(name), context);
    const texts = withoutControls(message).join('\n');
    expect(texts).toContain(
      '&lt;!channel&gt; &amp; &lt;https://evil.example|free&gt; @\u2060here #\u2060general *Resolved*',
    );
    expect(texts).not.toMatch(/\u202e|@here|@channel/);
    expect(texts).toContain('*Resolved* ˋxˋ');
    expect(findControls(message).every(isOurs)).toBe(true);
  });

  it('stays within what Slack takes, whatever names, amounts and lengths there are', () => {
    const pieces = constantFrom(
      '<',
      '>',
      '&',
      '&amp;',
      '<!here>',
      '<@U1>',
      '|',
      '`',
      '*',
      '_',
      '@channel',
      '#a',
      '\n',
      '\u202e',
      '🙂',
      '\ud800',
      'x',
    );
    const hostile = oneof(
      string({ unit: 'binary', maxLength: 400 }),
      string({ unit: pieces, maxLength: 1_000 }),
      string({ unit: constantFrom('&', '🙂', '<'), minLength: 500, maxLength: 1_500 }),
    );
    const amount = oneof(constantFrom(0, -1, 1e-12, 1e12, 0.005, 999.999), integer());
    const shape = record({
      name: hostile,
      amount,
      isPlain: constantFrom(true, false),
      mayRepeat: constantFrom(true, false),
    });
    assert(
      property(shape, ({ name, amount: value, ...given }) => {
        for (const event of [named(name, value), { ...budgetEvent(80), name, projectId: name }]) {
          const message = slackMessage(event, { ...context, ...given });
          expect(findSlackFault(message)).toBeUndefined();
          expect(findControls(message).filter((control) => !isOurs(control))).toEqual([]);
          expect(withoutControls(message).filter(canSteer)).toEqual([]);
        }
      }),
      { numRuns: 100 },
    );
  });
});

function named(name: string, amount = 1): AlertEvent {
  const cause = { dimension: name, value: name, amount, unit: 'usd', change: amount } as const;
  return ruleEvent({
    ...{ name, group: name, groupBy: name, projectId: name, eventId: name, value: amount, limit: amount },
    causes: [cause, cause, cause],
    changes: Array.from({ length: 12 }, () => ({ what: 'model', agent: name, from: name, to: name, atMs: nowMs })),
    links: Array.from({ length: 4 }, () => ({ label: name, path: `/costs?agent=${name.toWellFormed()}` })),
  });
}

/** Of the steering texts only dates and links to our own pages are ours. */
function isOurs(control: string): boolean {
  if (control.startsWith('!date^')) return true;
  const [url = '', label, ...more] = control.split('|');
  return more.length === 0 && label !== undefined && url.startsWith(`${publicUrl}/`);
}

function withoutControls(message: unknown): string[] {
  return textsOf(message).map((text) => text.replace(/<[^>]*>/g, ''));
}

/** A character that begins something, or a name after which somebody could be called. */
function canSteer(text: string): boolean {
  return /[<>\p{Zl}\u202e]|&(?!(amp|lt|gt);)|(^|[^\p{L}\p{N}_])[@#][\p{L}\p{N}]/u.test(text);
}

function time(utc: string): string {
  const seconds = Date.parse(`${utc.replace(' ', 'T')}:00Z`) / 1_000;
  return `<!date^${seconds}^{date_short_pretty} {time}^${utc} UTC>`;
}
