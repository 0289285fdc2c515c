import { describe, expect, it } from 'vitest';
import { originsText } from '../../../../collector/map/origins.ts';
import { readMapping } from '../../../../server/domain/span-mapping.ts';

describe('the mapping of a span', () => {
  it('is what the collector wrote down', () => {
    const fields = [
      { field: 'kind', convention: 'openinference', attribute: 'openinference.span.kind' },
      { field: 'usage.input', convention: 'otel-gen-ai', attribute: 'gen_ai.usage.input_tokens' },
      { field: 'sessionId', convention: '', attribute: 'session.id' },
    ] as const;
    expect(readMapping('openinference', originsText(fields))).toEqual({ convention: 'openinference', fields });
  });

  it('is empty where nothing was understood, and of spans stored before it was kept', () => {
    expect(readMapping('', '')).toEqual({ convention: null, fields: [] });
    expect(readMapping('mastra', '')).toEqual({ convention: 'mastra', fields: [] });
  });

  it.each(['no json', '{}', '[[1,2,3],["kind","",""],["a","b"],["a","b",{"c":1}],null]', '"kind"'])(
    'leaves out what is damaged: %s',
    (text) => {
      const { fields } = readMapping('mastra', text);
      expect(fields).toEqual(text.includes('"kind",') ? [{ field: 'kind', convention: '', attribute: '' }] : []);
    },
  );
});
