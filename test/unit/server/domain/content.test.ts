import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLossless } from '../../../../server/domain/lossless-json.ts';
import { becameMessages, mergeHashes, readContent } from '../../../../server/domain/span-content.ts';
import { joinAttributes, readEvents, readLinks, readPayload } from '../../../../server/domain/stored-attributes.ts';
import { readStoredMessage } from '../../../../server/domain/stored-message.ts';

const none = { systemInstructions: [], toolDefinitions: [], inputMessages: [], outputMessages: [] };

describe('the messages of a call', () => {
  it('are the span’s own where it has any of that side', () => {
    const span = { ...none, inputMessages: ['a'] };
    const record = { ...none, inputMessages: ['x'], outputMessages: ['y'] };
    expect(mergeHashes(span, [record])).toEqual({ ...none, inputMessages: ['a'], outputMessages: ['y'] });
  });

  it('are joined from records of one message each, equal ones included', () => {
    const records = ['a', 'b', 'a'].map((hash) => ({ ...none, inputMessages: [hash] }));
    expect(mergeHashes(none, records).inputMessages).toEqual(['a', 'b', 'a']);
  });

  it('are not doubled by a second record that says a whole side again', () => {
    const records = [1, 2].map(() => ({ ...none, inputMessages: ['a', 'b'] }));
    expect(mergeHashes(none, records).inputMessages).toEqual(['a', 'b']);
  });

  it('keep their order and count what is missing', () => {
    const body = (content: string) => JSON.stringify({ role: 'user', parts: [{ type: 'text', content }] });
    const bodies = new Map([
      ['a', body('A')],
      ['b', body('B')],
      ['t', '{"name":"tool"}'],
    ]);
    const content = readContent(
      {
        systemInstructions: ['a', 'b'],
        toolDefinitions: ['t'],
        inputMessages: ['b', 'gone', 'b'],
        outputMessages: ['gone'],
      },
      bodies,
    );
    expect(content.systemInstructions).toEqual([
      { type: 'text', content: 'A' },
      { type: 'text', content: 'B' },
    ]);
    expect(content.toolDefinitions).toEqual([{ name: 'tool' }]);
    expect(content.inputMessages).toHaveLength(2);
    expect(content.missingMessages).toBe(2);
  });

  it('make a record with any of them no event', () => {
    expect(becameMessages(none)).toBe(false);
    expect(becameMessages({ ...none, toolDefinitions: ['a'] })).toBe(true);
  });
});

describe('a stored message', () => {
  it('has the names of the API and keeps what else was on it', () => {
    const body = JSON.stringify({
      role: 'assistant',
      refusal: 'no',
      finish_reason: 'stop',
      parts: [
        { type: 'media', modality: 'image', mime_type: 'image/png', file_id: 'f', truncated_bytes: 9, detail: 'low' },
      ],
    });
    expect(readStoredMessage(body)).toEqual({
      role: 'assistant',
      refusal: 'no',
      finishReason: 'stop',
      parts: [
        { type: 'media', modality: 'image', mimeType: 'image/png', fileId: 'f', truncatedBytes: 9, detail: 'low' },
      ],
    });
  });

  it.each(['', 'no json', '[]', '{"role":"user"}', '{"role":"user","parts":["text"]}'])(
    'shows damaged text: %s',
    (body) => {
      const { parts } = readStoredMessage(body);
      expect(parts).toHaveLength(1);
      expect(parts[0]?.type).toBe('data');
    },
  );
});

describe('stored attributes', () => {
  it('are one object with their types, whatever their names', () => {
    const joined = joinAttributes({ a: '1', __proto__x: 'p' }, { b: '1', c: '[1.5]', ['__proto__']: '"own"' });
    expect(JSON.stringify(joined)).toBe('{"a":"1","__proto__x":"p","b":1,"c":[1.5],"__proto__":"own"}');
  });

  it('are null where there is no payload', () => {
    expect(readPayload('')).toBeNull();
    expect(readPayload('"text"')).toBe('text');
    expect(readPayload('cut {')).toBe('cut {');
  });

  it('have no events and links where there are none', () => {
    expect(readEvents('')).toEqual([]);
    expect(readLinks('')).toEqual([]);
  });
});

describe('numbers in JSON', () => {
  it.each([
    '9007199254740993',
    '-12345678901234567890',
    '[1,9007199254740993]',
    '0.12345678901234567890',
    '1795348800000000001',
  ])('%s keep their digits', (text) => {
    expect(JSON.stringify(parseLossless(text))).toBe(text);
  });

  it('are what JSON says otherwise', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.parse(JSON.stringify(parseLossless(text)))).toEqual(JSON.parse(text));
      }),
    );
  });
});
