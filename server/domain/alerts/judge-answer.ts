import type { ChannelType, DeliveryAttempt } from '../../contract/channels.ts';

/** What an answer means for a delivery. */
export interface Verdict {
  result: DeliveryAttempt['result'];
  message: string;
  /** `plain`: the layout was refused; the same as text may go at once. `never`: no repetition can do better. */
  repeat: 'no' | 'later' | 'plain' | 'never';
}

const messageLengthMax = 300;
/** Slack's words for a message whose layout it does not take; as plain text it may. */
const layoutErrors = /invalid_blocks|invalid_payload|invalid_attachments|too_many_attachments|msg_too_long|no_text/;
/** Answers of Slack to a request that no wait makes better: 408 and 429 are asked for again. */
const passing = new Set([408, 425, 429]);

/** Judges a whole answer, whatever its status. `body` is its beginning. */
export function judgeAnswer({
  type,
  httpStatus,
  body,
  location,
  isPlain,
}: {
  type: ChannelType;
  httpStatus: number;
  body: string;
  /** Of a redirect. */
  location: string | undefined;
  /** It was sent without a layout. */
  isPlain: boolean;
}): Verdict {
  const text = describeAnswer(httpStatus, body);
  if (httpStatus >= 200 && httpStatus < 300) return { result: 'delivered', message: text, repeat: 'no' };
  if (httpStatus >= 300 && httpStatus < 400) {
    const target = location === undefined ? 'elsewhere' : `to ${cut(oneLine(location), 120)}`;
    const message = `it redirects ${target}, which is not followed: give the channel the final address`;
    return { result: 'refused', message, repeat: 'never' };
  }
  if (httpStatus === 410) return { result: 'refused', message: text, repeat: 'never' };
  if (type === 'slack' && httpStatus >= 400 && httpStatus < 500 && !passing.has(httpStatus)) {
    const isLayout = layoutErrors.test(body) && !isPlain;
    return { result: 'refused', message: text, repeat: isLayout ? 'plain' : 'never' };
  }
  return { result: 'refused', message: text, repeat: 'later' };
}

function describeAnswer(httpStatus: number, body: string): string {
  const text = oneLine(body);
  return cut(text === '' ? `status ${httpStatus}` : `status ${httpStatus}: ${text}`, messageLengthMax);
}

/** Whatever was answered: one line without control characters. */
function oneLine(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();
}

function cut(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1).toWellFormed()}…`;
}
