import { describe, expect, it } from 'vitest';
import { highlightCode } from '../../../../../ui/components/message/highlight.ts';
import { furtherFields } from '../../../../../ui/components/message/further-fields.ts';
import {
  type MediaPart,
  bytesOf,
  audioAddress,
  imageAddress,
  nameOfMedia,
  isWebAddress,
} from '../../../../../ui/components/message/media.ts';
import { countTextLines, firstWords, foldText, splitText } from '../../../../../ui/components/message/text-fold.ts';

describe('folding a text', () => {
  it('leaves forty lines alone', () => {
    const text = Array.from({ length: 40 }, (_, line) => `line ${line}`).join('\n');
    expect(foldText(text)).toBe(text);
    expect(countTextLines(text)).toBe(40);
  });

  it('cuts after forty lines, however they come about', () => {
    const text = Array.from({ length: 100 }, (_, line) => `line ${line}`).join('\n');
    expect(foldText(text).trimEnd().split('\n')).toHaveLength(40);
    const wall = 'x'.repeat(1_000_000);
    expect(foldText(wall)).toHaveLength(40 * 80);
    expect(countTextLines(wall)).toBe(12_500);
    expect(countTextLines(wall, 100)).toBe(100);
  });

  it('counts empty lines and the last one', () => {
    expect(countTextLines('')).toBe(1);
    expect(countTextLines('a\n\nb\n')).toBe(4);
    expect(foldText('')).toBe('');
  });

  it('splits a text into pieces without losing a letter', () => {
    for (const text of [
      '',
      'short',
      'x'.repeat(20_000),
      '😀'.repeat(9_001),
      'word '.repeat(5_000),
      'line\n'.repeat(5_000),
    ]) {
      const pieces = splitText(text);
      expect(pieces.join('')).toBe(text);
      expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(8_000);
      expect(pieces.every((piece) => piece.isWellFormed())).toBe(true);
    }
    expect(splitText('line\n'.repeat(5_000)).every((piece) => piece.endsWith('\n') || piece === '')).toBe(true);
  });

  it('gives a title of one line', () => {
    expect(firstWords('a\n  b\tc')).toBe('a b c');
    expect(firstWords('word '.repeat(100))).toHaveLength(121);
  });
});

describe('media', () => {
  const media = (rest: Partial<MediaPart>): MediaPart => ({
    type: 'media',
    modality: 'image',
    mimeType: 'image/png',
    ...rest,
  });

  it('is drawn only where it came along and cannot run anything', () => {
    expect(imageAddress(media({ content: 'aGk=' }))).toBe('data:image/png;base64,aGk=');
    expect(imageAddress(media({ content: 'aGk=', mimeType: 'image/svg+xml' }))).toBeUndefined();
    expect(imageAddress(media({ content: 'aGk=', mimeType: 'text/html' }))).toBeUndefined();
    expect(imageAddress(media({ content: '"><script>' }))).toBeUndefined();
    expect(imageAddress(media({ uri: 'https://a.example/x.png' }))).toBeUndefined();
  });

  it('is drawn whatever name JPEG goes by, and not where it was cut', () => {
    expect(imageAddress(media({ content: 'aGk=', mimeType: 'image/JPG' }))).toBe('data:image/jpeg;base64,aGk=');
    expect(imageAddress(media({ content: 'aGk=', mimeType: 'image/avif' }))).toBeUndefined();
    expect(imageAddress(media({ content: 'aGk=', truncatedBytes: 9 }))).toBeUndefined();
  });

  it('is played where it is a sound that came along', () => {
    const sound = (rest: Partial<MediaPart>) =>
      audioAddress(media({ modality: 'audio', content: 'UklGRg==', ...rest }));
    expect(sound({ mimeType: 'audio/x-wav' })).toBe('data:audio/wav;base64,UklGRg==');
    expect(sound({ mimeType: 'audio/ogg; codecs=opus' })).toBe('data:audio/ogg;base64,UklGRg==');
    expect(sound({ mimeType: null })).toBe('data:audio/wav;base64,UklGRg==');
    expect(sound({ mimeType: null, content: 'AAAA' })).toBeUndefined();
    expect(sound({ mimeType: 'audio/pcm' })).toBeUndefined();
    expect(sound({ mimeType: 'audio/wav', truncatedBytes: 9 })).toBeUndefined();
    expect(sound({ mimeType: 'audio/wav', content: '"><script>' })).toBeUndefined();
  });

  it('is named as the sender named it', () => {
    expect(nameOfMedia(media({ filename: 'terms.pdf' }))).toBe('terms.pdf');
    expect(nameOfMedia(media({ title: '', name: 7 }))).toBeUndefined();
  });

  it('tells its true size', () => {
    expect(bytesOf(media({ content: 'aGk=' }))).toBe(2);
    expect(bytesOf(media({ content: 'aGkh' }))).toBe(3);
    expect(bytesOf(media({ content: 'aGkh', truncatedBytes: 4_000 }))).toBe(3_000);
    expect(bytesOf(media({ uri: 'https://a.example' }))).toBeUndefined();
  });

  it('becomes a link only to the web', () => {
    expect(isWebAddress('https://a.example')).toBe(true);
    for (const uri of ['javascript:alert(1)', 'data:text/html,x', ' https://a.example', '//a.example']) {
      expect(isWebAddress(uri)).toBe(false);
    }
  });
});

describe('code', () => {
  it('is coloured in the languages known, and escaped', () => {
    expect(highlightCode('{"a": "<b>"}', 'json')).toContain('&lt;b&gt;');
    expect(highlightCode('print(1)', 'py title="x"')).toContain('hljs-built_in');
    expect(highlightCode('x', 'brainfuck')).toBeUndefined();
    expect(highlightCode('x', undefined)).toBeUndefined();
  });
});

describe('further fields', () => {
  it('are those that are not drawn elsewhere', () => {
    const part = { type: 'text' as const, content: 'hi', truncatedBytes: 9 };
    expect(furtherFields(part)).toBeUndefined();
    expect(furtherFields({ ...part, annotations: [1] })).toEqual({ annotations: [1] });
    expect(furtherFields({ role: 'user', parts: [], id: 'm1' })).toEqual({ id: 'm1' });
  });
});
