import { describe, expect, it } from 'vitest';
import { findRestated } from '../../../../collector/map/restated.ts';
import type { Reading } from '../../../../collector/map/reading.ts';
import type { AnyValue } from '../../../../collector/receive/otlp.ts';

const reading: Reading = {
  requestModel: 'm',
  inputMessages: [
    { role: 'user', parts: [{ type: 'text', content: 'hello' }] },
    { role: 'assistant', parts: [{ type: 'tool_call', id: 'c', name: 'f', arguments: { n: 1, ok: true, s: 'x' } }] },
    { role: 'user', parts: [{ type: 'media', modality: 'image', mime_type: 'image/png', content: 'QUJD' }] },
  ],
};

function isRestated(value: AnyValue, others: Record<string, AnyValue> = {}): boolean {
  const attributes = new Map(Object.entries({ ...others, again: value }));
  return findRestated(attributes, { reading, carried: new Set(['gone']), restated: new Set(['again']) }).has('again');
}

describe('an attribute', () => {
  it.each<[string, AnyValue]>([
    ['a text', 'hello'],
    ['nothing', ''],
    ['a request', '{"messages":[{"role":"user","content":"hello"}],"model":"m"}'],
    ['words of the form', '{"content":null,"role":"whatever","type":"new","text":"hello"}'],
    ['JSON in JSON', '{"function":{"name":"f","arguments":"{\\"n\\":1,\\"s\\":\\"x\\"}"}}'],
    ['a data URL', '{"url":"data:image/png;base64,QUJD"}'],
    ['a list', ['hello', 'm']],
    ['a truth value', new Map<string, AnyValue>([['ok', true]])],
  ])('says nothing new with %s', (_what, value) => {
    expect(isRestated(value)).toBe(true);
  });

  it.each<[string, AnyValue]>([
    ['a part of a text', 'hell'],
    ['other white space', 'hello '],
    ['one field more', '{"content":"hello","seed":7}'],
    ['another number', '{"n":2}'],
    ['a number of another name', '{"m":1}'],
    ['another truth value', '{"ok":false}'],
    ['a number without a name', 1n],
    ['a truth value without a name', true],
  ])('says more with %s', (_what, value) => {
    expect(isRestated(value)).toBe(false);
  });

  it('may repeat what another says that is kept', () => {
    const kept = { parameters: '{"seed":7}' };
    expect(isRestated('{"content":"hello","seed":7}', kept)).toBe(true);
    expect(isRestated('{"content":"hello","seed":7}', { gone: '{"seed":7}' })).toBe(false);
  });
});
