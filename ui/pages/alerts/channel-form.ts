import type { ChangeChannelRequest, Channel, ChannelType, CreateChannelRequest } from '../../api/channels.ts';

/** What is in the fields, as typed. */
export interface ChannelForm {
  name: string;
  type: ChannelType;
  /** Of a stored channel empty: its address stays. It is a secret and never comes back. */
  url: string;
  /** Of a webhook; empty: the server makes one, or keeps the one there is. */
  secret: string;
  /** Of a webhook there is: the server makes another one. */
  rotateSecret: boolean;
  isEnabled: boolean;
}
export type ChannelProblems = Partial<Record<keyof ChannelForm, string>>;

/* The server's own limits, said before it is asked. */
const nameMax = 100;
const urlMax = 2_000;
const secretBytes = { min: 24, max: 64 };

/** A form for a new channel, or of one there is. */
export function startChannelForm(channel: Channel | null): ChannelForm {
  if (channel === null) return { name: '', type: 'slack', url: '', secret: '', rotateSecret: false, isEnabled: true };
  const { name, type, isEnabled } = channel;
  return { name, type, url: '', secret: '', rotateSecret: false, isEnabled };
}

/** The form of a new channel as a request, or what is wrong in which field. */
export function readNewChannel(
  form: ChannelForm,
): { request: CreateChannelRequest; problems: null } | { request: null; problems: ChannelProblems } {
  const problems = findProblems(form, { isNew: true });
  if (Object.keys(problems).length > 0) return { request: null, problems };
  const secret = form.secret.trim();
  return {
    request: {
      ...{ name: form.name.trim(), type: form.type, url: form.url.trim(), isEnabled: form.isEnabled },
      ...(form.type === 'webhook' && secret !== '' ? { secret } : {}),
    },
    problems: null,
  };
}

/** The same for a channel there is: what was left empty stays as it is. */
export function readChangedChannel(
  form: ChannelForm,
  version: number,
): { request: ChangeChannelRequest; problems: null } | { request: null; problems: ChannelProblems } {
  const problems = findProblems(form, { isNew: false });
  if (Object.keys(problems).length > 0) return { request: null, problems };
  const [url, secret] = [form.url.trim(), form.secret.trim()];
  return {
    request: {
      ...{ version, name: form.name.trim(), isEnabled: form.isEnabled },
      rotateSecret: form.type === 'webhook' && secret === '' && form.rotateSecret,
      ...(url === '' ? {} : { url }),
      ...(form.type === 'webhook' && secret !== '' ? { secret } : {}),
    },
    problems: null,
  };
}

/** What the server says of one field stands at that field; null where it is of none. */
export function placeFailure(message: string): ChannelProblems | null {
  const [, field, words = ''] = /^.*`(name|url|secret)` (.+)$/s.exec(message) ?? [];
  if (field === undefined) return null;
  return { [field]: `${words.charAt(0).toUpperCase()}${words.slice(1)}${words.endsWith('.') ? '' : '.'}` };
}

function findProblems(form: ChannelForm, { isNew }: { isNew: boolean }): ChannelProblems {
  const problems: ChannelProblems = {};
  const name = form.name.trim();
  if (name === '') problems.name = 'A name, such as #on-call or the pager.';
  else if (name.length > nameMax) problems.name = `At most ${nameMax} characters.`;
  else if (/\p{Cc}/u.test(name)) problems.name = 'One line, without control characters.';
  const urlProblem = checkUrl(form.url.trim(), form.type, isNew);
  if (urlProblem !== null) problems.url = urlProblem;
  const secret = form.secret.trim();
  if (form.type === 'webhook' && secret !== '' && !isSecret(secret)) {
    problems.secret = 'whsec_ and 24 to 64 bytes in base64, or nothing.';
  }
  return problems;
}

function checkUrl(text: string, type: ChannelType, isNew: boolean): string | null {
  if (text === '') return isNew ? 'Where messages are sent to.' : null;
  if (text.length > urlMax) return `At most ${urlMax} characters.`;
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    return type === 'slack'
      ? 'The address that Slack gives, such as https://hooks.slack.com/services/…'
      : 'An address that begins with https:// or http://.';
  }
  if (url.username !== '' || url.password !== '') return 'Without a user name or password in it.';
  return url.hash === '' ? null : 'Without a fragment, the part behind #.';
}

function isSecret(text: string): boolean {
  const base64 = /^whsec_((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/.exec(text)?.[1] ?? '';
  const bytes = Math.floor((base64.replace(/=+$/, '').length * 3) / 4);
  return bytes >= secretBytes.min && bytes <= secretBytes.max;
}
