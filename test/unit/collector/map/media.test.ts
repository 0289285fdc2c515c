import { describe, expect, it } from 'vitest';
import type { Json } from '../../../../collector/lossless-json.ts';
import { readMessage } from '../../../../collector/map/message.ts';

const partsOf = (message: Json) => readMessage(message, 'user').parts;
const png = { modality: 'image', mime_type: 'image/png' };

describe('media in a message', () => {
  it.each<[what: string, sent: Json, read: Record<string, Json>]>([
    // OpenAI
    [
      'an image as a data URL',
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } },
      { ...png, content: 'AAAA', detail: 'low' },
    ],
    [
      'an image by address',
      { type: 'image_url', image_url: 'https://a.example/b.png' },
      { modality: 'image', mime_type: null, uri: 'https://a.example/b.png' },
    ],
    [
      'an image by file id',
      { type: 'input_image', file_id: 'file-1', detail: 'auto' },
      { modality: 'image', mime_type: null, file_id: 'file-1', detail: 'auto' },
    ],
    [
      'a sound of a format',
      { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
      { modality: 'audio', mime_type: 'audio/wav', content: 'UklGRg==', format: 'wav' },
    ],
    [
      'a sound whose format has another media type',
      { type: 'input_audio', input_audio: { data: 'SUQz', format: 'mp3' } },
      { modality: 'audio', mime_type: 'audio/mpeg', content: 'SUQz', format: 'mp3' },
    ],
    [
      'a file as a data URL',
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE' } },
      { modality: 'file', mime_type: 'application/pdf', content: 'JVBE', filename: 'a.pdf' },
    ],
    [
      'a file by id, beside the type',
      { type: 'input_file', file_id: 'file-2' },
      { modality: 'file', mime_type: null, file_id: 'file-2' },
    ],
    [
      'a file by address',
      { type: 'input_file', file_url: 'https://a.example/b.pdf' },
      { modality: 'file', mime_type: null, uri: 'https://a.example/b.pdf' },
    ],
    // Anthropic
    [
      'an image in base64',
      {
        type: 'image',
        source: { type: 'base64', media_type: 'image/png', data: 'AAAA' },
        cache_control: { type: 'e' },
      },
      { ...png, content: 'AAAA', cache_control: { type: 'e' } },
    ],
    [
      'an image of a source by address',
      { type: 'image', source: { type: 'url', url: 'https://a.example/b.png' } },
      { modality: 'image', mime_type: null, uri: 'https://a.example/b.png' },
    ],
    [
      'a document by file id',
      { type: 'document', source: { type: 'file', file_id: 'file_3' }, title: 'terms' },
      { modality: 'file', mime_type: null, file_id: 'file_3', title: 'terms' },
    ],
    [
      'a document in base64',
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBE' } },
      { modality: 'file', mime_type: 'application/pdf', content: 'JVBE' },
    ],
    // Google
    ['inline data', { inline_data: { mime_type: 'image/png', data: 'AAAA' } }, { ...png, content: 'AAAA' }],
    ['inline data in camel case', { inlineData: { mimeType: 'image/png', data: 'AAAA' } }, { ...png, content: 'AAAA' }],
    [
      'file data',
      { fileData: { mimeType: 'video/mp4', fileUri: 'gs://bucket/clip' } },
      { modality: 'video', mime_type: 'video/mp4', uri: 'gs://bucket/clip' },
    ],
    // OpenTelemetry
    ['a blob', { type: 'blob', ...png, content: 'AAAA' }, { ...png, content: 'AAAA' }],
    [
      'a blob that says no more than its type',
      { type: 'blob', mime_type: 'audio/ogg', content: 'T2dn' },
      {
        ...{ modality: 'audio', mime_type: 'audio/ogg', content: 'T2dn' },
      },
    ],
    [
      'a uri that holds the bytes',
      { type: 'uri', modality: 'image', uri: 'data:image/png;base64,AAAA' },
      { ...png, content: 'AAAA' },
    ],
    [
      'a uri of a file',
      { type: 'file', modality: 'document', mime_type: 'application/pdf', file_id: 'f' },
      { modality: 'document', mime_type: 'application/pdf', file_id: 'f' },
    ],
    ['media as we call it', { type: 'media', ...png, content: 'AAAA' }, { ...png, content: 'AAAA' }],
    // LangChain and Pydantic AI
    [
      'an image of LangChain',
      { type: 'image', source_type: 'base64', mime_type: 'image/png', data: 'AAAA' },
      { ...png, content: 'AAAA', source_type: 'base64' },
    ],
    ['media of LangChain', { type: 'media', mime_type: 'image/png', data: 'AAAA' }, { ...png, content: 'AAAA' }],
    ['bytes of Pydantic AI', { type: 'binary', media_type: 'image/png', content: 'AAAA' }, { ...png, content: 'AAAA' }],
    [
      'an address of Pydantic AI',
      { type: 'document-url', url: 'https://a.example/b.pdf' },
      { modality: 'file', mime_type: null, uri: 'https://a.example/b.pdf' },
    ],
  ])('is read: %s', (_what, part, read) => {
    expect(partsOf({ role: 'user', content: [part] })).toEqual([{ type: 'media', ...read }]);
    expect(partsOf({ role: 'user', parts: [part] })).toEqual([{ type: 'media', ...read }]);
  });

  it.each<[string, Json]>([
    ['an image without anything', { type: 'image' }],
    ['a document made of blocks', { type: 'document', source: { type: 'content', content: [{ type: 'text' }] } }],
    ['a sound that is none', { type: 'input_audio', input_audio: 7 }],
    ['inline data that is none', { inline_data: 'AAAA' }],
  ])('that says nothing of itself is kept whole: %s', (_what, part) => {
    expect(partsOf({ role: 'user', content: [part] })).toEqual([{ type: 'data', value: part }]);
  });

  it('is text where a document is', () => {
    const source = { type: 'text', media_type: 'text/plain', data: 'We deliver on Mondays.' };
    expect(partsOf({ role: 'user', content: [{ type: 'document', source, title: 'terms' }] })).toEqual([
      { type: 'text', content: 'We deliver on Mondays.', title: 'terms' },
    ]);
  });

  it('is what an assistant spoke, with its words', () => {
    const audio = { id: 'audio_1', data: 'UklGRg==', transcript: 'Good morning.', expires_at: 5 };
    expect(readMessage({ role: 'assistant', content: null, audio }, 'assistant')).toEqual({
      role: 'assistant',
      parts: [
        { type: 'media', modality: 'audio', mime_type: null, content: 'UklGRg==', file_id: 'audio_1', expires_at: 5 },
        { type: 'text', content: 'Good morning.' },
      ],
    });
    expect(readMessage({ role: 'assistant', content: 'x', audio: 'no object' }, 'assistant')).toMatchObject({
      parts: [{ type: 'text', content: 'x' }],
      audio: 'no object',
    });
  });
});

describe('parts of Google', () => {
  it('say by their fields what they are', () => {
    expect(
      partsOf({
        role: 'model',
        parts: [
          { text: 'Let me see.', thought: true },
          { text: 'One moment.' },
          { functionCall: { name: 'weather', args: { city: 'Paris' } } },
          { function_response: { id: 'c1', name: 'weather', response: { degrees: 3 } } },
          { executableCode: { language: 'PYTHON' } },
        ],
      }),
    ).toEqual([
      { type: 'reasoning', content: 'Let me see.' },
      { type: 'text', content: 'One moment.' },
      { type: 'tool_call', id: null, name: 'weather', arguments: { city: 'Paris' } },
      { type: 'tool_call_response', id: 'c1', name: 'weather', result: { degrees: 3 } },
      { type: 'data', value: { executableCode: { language: 'PYTHON' } } },
    ]);
  });
});
