import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CanonicalMessage } from '../../../../collector/map/message.ts';
import { previewInput, previewOutput, previewValue } from '../../../../collector/map/preview.ts';

function say(role: string, ...contents: string[]): CanonicalMessage {
  return { role, parts: contents.map((content) => ({ type: 'text', content })) };
}

describe('previewInput', () => {
  it('is what the user said last', () => {
    const messages = [
      say('system', 's'),
      say('user', 'first'),
      say('assistant', 'a'),
      say('user', 'last'),
      say('tool'),
    ];
    expect(previewInput(messages)).toBe('last');
  });

  it('passes over messages of the user without text', () => {
    expect(previewInput([say('user', 'text'), say('user', '  '), say('user')])).toBe('text');
    expect(previewInput([say('system', 's')])).toBe('');
    expect(previewInput([])).toBe('');
  });

  it('joins parts and folds white space', () => {
    expect(previewInput([say('user', ' a\n\n b', '\tc ')])).toBe('a b c');
  });
});

describe('previewOutput', () => {
  const call = { type: 'tool_call', id: 'c', name: 'weather', arguments: { city: 'Paris' } };

  it('is the last text, else the tool calls', () => {
    expect(previewOutput([say('assistant', 'a'), say('assistant', 'b')])).toBe('b');
    expect(previewOutput([{ role: 'assistant', parts: [call, { ...call, arguments: 'x' }] }])).toBe(
      'weather({"city":"Paris"}), weather(x)',
    );
    expect(previewOutput([])).toBe('');
  });
});

describe('a preview', () => {
  it('has at most 200 characters, the last of them a mark where more was said', () => {
    expect(previewValue('x'.repeat(200))).toBe('x'.repeat(200));
    expect(previewValue('x'.repeat(201))).toBe(`${'x'.repeat(199)}…`);
    expect(Array.from(previewValue('😀'.repeat(300)))).toEqual([...Array<string>(199).fill('😀'), '…']);
  });

  it('finds the text behind white space', () => {
    expect(previewValue(`${' \n'.repeat(5000)}text`)).toBe('text');
    expect(previewValue(`text${' '.repeat(10_000)}more`)).toBe('text…');
  });

  it('is JSON for what is no text', () => {
    expect(previewValue({ a: [1, null] })).toBe('{"a":[1,null]}');
    expect(previewValue(null)).toBe('');
    expect(previewValue(undefined)).toBe('');
  });

  it('is well formed and short for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 5000, size: 'max' }), (sent) => {
        const preview = previewValue(sent);
        expect(preview.isWellFormed()).toBe(true);
        expect(Array.from(preview).length).toBeLessThanOrEqual(200);
        expect(preview).not.toMatch(/[\n\r\t]/);
      }),
      { numRuns: 50 },
    );
  });

  it('is what folding and counting all characters gives', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 50 }),
      fc.constantFrom(' ', '\n', '\t ', '\u00a0', '\ufeff', '\ud800', '\udc00', '😀', 'x'.repeat(199), ' '.repeat(700)),
      fc.constantFrom('😀'.repeat(99), '😀'.repeat(400), ' a'.repeat(300)),
      fc.constantFrom('word ', 'x', 'x'.repeat(200), 'a '.repeat(100), 'ü'.repeat(99), '\u3000', '語', '\u00a1'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const start = pieces.join('').trimStart();
        const line = start.slice(0, 3_200).toWellFormed().replace(/\s+/g, ' ').trim();
        const characters = Array.from(line);
        const isWhole = start.length <= 3_200 && characters.length <= 200;
        expect(previewValue(pieces.join(''))).toBe(isWhole ? line : `${characters.slice(0, 199).join('')}…`);
      }),
      { numRuns: 2_000 },
    );
  });
});
