import { expect, it } from 'vitest';
import { findLangChainMessage } from '../../../../collector/map/langchain.ts';

it('only a message of LangChain is one', () => {
  expect(findLangChainMessage({ type: 'human', content: 'hi', role: 'user' })).toBeUndefined();
  expect(findLangChainMessage({ type: 'human' })).toBeUndefined();
  expect(findLangChainMessage({ lc: 1, type: 'constructor', id: ['x', 'Document'], kwargs: {} })).toBeUndefined();
  expect(findLangChainMessage({ lc: 1, type: 'not_implemented', id: ['x', 'HumanMessage'] })).toBeUndefined();
  expect(findLangChainMessage('hi')).toBeUndefined();
});
