/** What a name may be made of for Slack: one line without characters that steer how text is shown. */
const steering = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu;
/** A mention is one where no word ends before it; an address such as joe@shop.example is none. */
const mention = /(?<![\p{L}\p{N}_])[@#]/gu;
/** Invisible, and no part of a name: no mention is found across it, also where plain names are looked for. */
const wordJoiner = '\u2060';
const nothing = '—';

/**
 * Text of users as Slack shows it literally: `&`, `<` and `>` escaped, so that it holds no link, mention or date; on one line; at
 * most `max` characters after escaping, cut between characters. Never empty.
 */
export function slackText(text: string, max: number): string {
  return escapeWithin(oneLine(text, max).replace(mention, `$&${wordJoiner}`), max);
}

/** As `slackText`, as code: asterisks and underscores of a name stay what they are. */
export function slackCode(text: string, max: number): string {
  const inside = oneLine(text, max).replaceAll('`', 'ˋ').replace(mention, `$&${wordJoiner}`);
  return `\`${escapeWithin(inside, max - 2)}\``;
}

/** A link as `<address|label>`; undefined where the address is too long to be one. */
export function slackLink(url: string, label: string): string | undefined {
  // The address ends at a bar or an angle bracket, wherever they come from.
  const address = url.replaceAll('|', '%7C').replaceAll('<', '%3C').replaceAll('>', '%3E').replaceAll('&', '&amp;');
  if (address.length > linkLengthMax) return undefined;
  return `<${address}|${slackText(label, linkLabelMax).replaceAll('|', '¦')}>`;
}
const linkLengthMax = 1_500;
const linkLabelMax = 80;

/** Shown in the reader's own time zone; clients that cannot do that show UTC. */
export function slackTime(ms: number): string {
  const utc = new Date(ms).toISOString();
  return `<!date^${Math.floor(ms / 1_000)}^{date_short_pretty} {time}^${utc.slice(0, 10)} ${utc.slice(11, 16)} UTC>`;
}

/** Lines as long as they fit; what is left out is counted. */
export function joinWithin(lines: readonly string[], max: number, separator = '\n'): string {
  let text = '';
  for (const [index, line] of lines.entries()) {
    const next = text === '' ? line : `${text}${separator}${line}`;
    if (next.length > max - moreLength && index < lines.length - 1) return withMore(text, lines.length - index);
    if (next.length > max) return withMore(text, lines.length - index);
    text = next;
  }
  return text;
}
const moreLength = 20;

function withMore(text: string, count: number): string {
  return text === '' ? `… ${count} more` : `${text}\n… ${count} more`;
}

function oneLine(text: string, max: number): string {
  // Nothing behind this many can be shown, however it is escaped.
  const line = text
    .slice(0, max * 4)
    .toWellFormed()
    .replace(steering, ' ')
    .trim();
  return line === '' ? nothing : line;
}

function escapeWithin(text: string, max: number): string {
  let escaped = '';
  let cutAt = 0;
  for (const character of text) {
    const piece = entities[character] ?? character;
    if (escaped.length + piece.length > max) return `${escaped.slice(0, cutAt)}…`;
    escaped += piece;
    if (escaped.length < max) cutAt = escaped.length;
  }
  return escaped;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
