/**
 * What Slack refuses of a message to an incoming webhook, in its own words; undefined: it takes it. After the references of Block
 * Kit and of incoming webhooks.
 */
export function findSlackFault(payload: unknown): string | undefined {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return 'invalid_payload';
  const { text, blocks, attachments } = payload as { text?: unknown; blocks?: unknown; attachments?: unknown };
  if (text !== undefined && typeof text !== 'string') return 'invalid_payload';
  if ((text ?? '') === '' && blocks === undefined && attachments === undefined) return 'no_text';
  if ((text ?? '').length > 40_000) return 'msg_too_long';
  if (attachments !== undefined && (!Array.isArray(attachments) || attachments.length > 100)) {
    return 'too_many_attachments';
  }
  if (blocks === undefined) return undefined;
  if (!Array.isArray(blocks) || blocks.length === 0 || blocks.length > 50) return 'invalid_blocks';
  return blocks.every((block) => isBlock(block as Fields)) ? undefined : 'invalid_blocks';
}

/** Every `<…>` of a message: what Slack does not show as it is. */
export function findControls(payload: unknown): string[] {
  return textsOf(payload).flatMap((text) => [...text.matchAll(/<([^>]*)>/g)].map(([, control = '']) => control));
}

/** Every text of a message, as it was sent. */
export function textsOf(payload: unknown): string[] {
  if (typeof payload !== 'object' || payload === null) return [];
  return Object.entries(payload).flatMap(([name, value]: [string, unknown]) =>
    name === 'text' && typeof value === 'string' ? [value] : textsOf(value),
  );
}

type Fields = Record<string, unknown>;

function isBlock(block: Fields): boolean {
  switch (block['type']) {
    case 'header':
      return isText(block['text'], { types: ['plain_text'], max: 150 });
    case 'section':
      return isSection(block);
    case 'context': {
      const elements = block['elements'];
      return (
        isList(elements, 10) && elements.every((one) => isText(one, { types: ['plain_text', 'mrkdwn'], max: 3_000 }))
      );
    }
    case 'divider':
      return true;
    default:
      return false;
  }
}

function isSection({ text, fields }: Fields): boolean {
  const types = ['plain_text', 'mrkdwn'];
  if (text === undefined && fields === undefined) return false;
  if (text !== undefined && !isText(text, { types, max: 3_000 })) return false;
  return fields === undefined || (isList(fields, 10) && fields.every((one) => isText(one, { types, max: 2_000 })));
}

function isText(value: unknown, { types, max }: { types: string[]; max: number }): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { type, text, emoji, verbatim } = value as Fields;
  if (typeof type !== 'string' || !types.includes(type) || typeof text !== 'string') return false;
  if (type === 'mrkdwn' ? emoji !== undefined : verbatim !== undefined) return false;
  return text.length >= 1 && text.length <= max && text.isWellFormed();
}

function isList(value: unknown, max: number): value is unknown[] {
  return Array.isArray(value) && value.length >= 1 && value.length <= max;
}
