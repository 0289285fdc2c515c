import type { AlertCause, AlertChange, AlertEvent } from '../../contract/alerts.ts';
import {
  describeAction,
  describeAmount,
  describeChange,
  describeState,
  labelOfMetric,
  markOf,
} from './describe-event.ts';
import { formatChange, formatDuration, formatFigure, formatUsd } from './format-figure.ts';
import { linkTo } from './link-to.ts';
import { joinWithin, slackCode, slackLink, slackText, slackTime } from './slack-text.ts';

/** What Slack takes; longer is refused, not cut. Of the blocks it allows we need at most seven. */
export const slackLimits = {
  blocks: 50,
  textObject: 3_000,
  header: 150,
  fields: 10,
  field: 2_000,
  text: 40_000,
} as const;
/** Of a name in a field, so that no message is a wall of one name. */
const nameLength = 300;
const changesShown = 5;
/** Later than this it is said that the message is late. */
const lateMs = 5 * 60_000;

interface Mrkdwn {
  type: 'mrkdwn';
  text: string;
  /** Names of channels and people in it are left alone. */
  verbatim: true;
}
type Block =
  | { type: 'header'; text: { type: 'plain_text'; text: string; emoji: false } }
  | { type: 'section'; text: Mrkdwn }
  | { type: 'section'; fields: Mrkdwn[] }
  | { type: 'context'; elements: Mrkdwn[] };

export interface SlackMessage {
  /** For notifications and screen readers; without blocks it is the message. */
  text: string;
  blocks?: Block[];
  unfurl_links: false;
  unfurl_media: false;
}

export interface MessageContext {
  /** Of this installation, without a slash at its end. */
  publicUrl: string;
  /** The receiver may have it already: an earlier try was sent and not answered. */
  mayRepeat: boolean;
  nowMs: number;
}

/**
 * An event as Slack shows it, within Slack's limits. Everything that users wrote is escaped; there is no prompt text in an event.
 * `isPlain`: the same as text, for a receiver that refuses the layout.
 */
export function slackMessage(
  event: AlertEvent,
  { isPlain, ...context }: MessageContext & { isPlain: boolean },
): SlackMessage {
  const title = `${markOf(event)} ${describeChange(event)}: `;
  const fields = fieldsOf(event);
  const sections = [causesOf(event), changesOf(event), linksOf(event, context)].filter((text) => text !== undefined);
  const footer = footerOf(event, context);
  const quiet = { unfurl_links: false, unfurl_media: false } as const;
  if (isPlain) {
    const lines = fields.map(({ label, text }) => `${label}: ${text}`);
    const text = [`${title}${slackText(event.name, nameLength)}`, ...lines, ...sections, footer].join('\n');
    return { text: joinWithin(text.split('\n'), slackLimits.text), ...quiet };
  }
  return {
    text: `${title}${slackText(event.name, nameLength)} – ${slackText(describeAmount(event), nameLength)}`,
    blocks: [
      {
        type: 'header',
        text: {
          type: 'plain_text',
          text: `${title}${slackText(event.name, slackLimits.header - title.length)}`,
          emoji: false,
        },
      },
      { type: 'section', fields: fields.map(({ label, text }) => mrkdwn(`*${label}*\n${text}`)) },
      ...sections.map((text) => ({ type: 'section' as const, text: mrkdwn(text) })),
      { type: 'context', elements: [mrkdwn(footer)] },
    ],
    ...quiet,
  };
}

/** At most seven, each far below Slack's limit. */
function fieldsOf(event: AlertEvent): { label: string; text: string }[] {
  const { group, groupBy, sinceMs, atMs, window, budget } = event;
  const of = budget?.value ?? group;
  const action = describeAction(event);
  const projection = projectionOf(event);
  return [
    { label: 'State', text: describeState(event) },
    { label: labelOfMetric(event), text: describeAmount(event) },
    ...(of === null ? [] : [{ label: labelOfGroup(groupBy), text: slackCode(of, nameLength) }]),
    { label: 'Since', text: `${slackTime(sinceMs)}${atMs > sinceMs ? `, for ${formatDuration(atMs - sinceMs)}` : ''}` },
    { label: 'Window', text: `${timeOf(window.from)} to ${timeOf(window.to)}` },
    ...(projection === undefined ? [] : [{ label: 'Projection', text: projection }]),
    ...(action === undefined ? [] : [{ label: 'Action', text: action }]),
  ];
}

function labelOfGroup(groupBy: string | null): string {
  return groupBy === null ? 'Of' : slackText(groupBy, nameLength);
}

function timeOf(time: string): string {
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? slackText(time, nameLength) : slackTime(ms);
}

function projectionOf({ projection }: AlertEvent): string | undefined {
  if (projection === null) return undefined;
  const { exhaustedAtMs, usdAtEnd } = projection;
  const parts = [
    ...(exhaustedAtMs === null ? [] : [`used up ${slackTime(exhaustedAtMs)}`]),
    ...(usdAtEnd === null ? [] : [`${formatUsd(Number(usdAtEnd))} at the end of the window`]),
  ];
  return parts.length === 0 ? undefined : parts.join('; ');
}

function causesOf({ causes }: AlertEvent): string | undefined {
  if (causes.length === 0) return undefined;
  const lines = causes.map(({ dimension, value, amount, unit, change }: AlertCause) => {
    const changed = change === null ? '' : `, ${formatChange(change)} against the window before`;
    return `• ${slackText(dimension, nameLength)} ${slackCode(value, nameLength)}: ${formatFigure(amount, unit)}${changed}`;
  });
  return joinWithin(['*Top causes*', ...lines], slackLimits.textObject);
}

function changesOf({ changes }: AlertEvent): string | undefined {
  if (changes.length === 0) return undefined;
  const lines = changes.slice(0, changesShown).map(({ what, agent, from, to, atMs }: AlertChange) => {
    const before = from === null ? '' : `${slackCode(from, nameLength)} → `;
    return `• ${what} of ${slackCode(agent, nameLength)}: ${before}${slackCode(to, nameLength)} ${slackTime(atMs)}`;
  });
  const more = changes.length > changesShown ? [`… ${changes.length - changesShown} more`] : [];
  return joinWithin(['*What changed in that time*', ...lines, ...more], slackLimits.textObject);
}

function linksOf({ links }: AlertEvent, { publicUrl }: { publicUrl: string }): string | undefined {
  const texts = links.flatMap(({ label, path }) => slackLink(linkTo(publicUrl, path), label) ?? []);
  return texts.length === 0 ? undefined : joinWithin(texts, slackLimits.textObject, '  ·  ');
}

function footerOf({ projectId, atMs, eventId }: AlertEvent, { mayRepeat, nowMs }: Omit<MessageContext, 'publicUrl'>) {
  const parts = [
    `Sightglass, project ${slackCode(projectId, nameLength)}`,
    slackTime(atMs),
    `event ${slackCode(eventId, nameLength)}`,
    ...(nowMs - atMs > lateMs ? [`sent ${formatDuration(nowMs - atMs)} late`] : []),
    ...(mayRepeat ? [repetitionNote] : []),
  ];
  return parts.join(' · ');
}

/** Slack knows no ids of messages: what may be there twice says so. */
export const repetitionNote = 'this may be a repetition: an earlier try was not answered';

function mrkdwn(text: string): Mrkdwn {
  return { type: 'mrkdwn', text, verbatim: true };
}
