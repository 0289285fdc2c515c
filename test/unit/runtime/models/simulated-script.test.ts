import { describe, expect, it } from 'vitest';
import { assistant, called, createModel, findOrder, user } from './simulated-calls.ts';

const cancel = { name: 'cancel_order', input: { type: 'object' } };
const tools = [findOrder, cancel];
const order = { id: '1042', state: 'packed', total: 49.9, items: [{ name: 'Elm 4' }, { name: 'Oak 2' }] };

const model = createModel({
  values: { order_id: '\\b(\\d{4})\\b' },
  script: [
    {
      when: { user: '^yes', assistant: 'Shall I cancel' },
      call: [{ tool: 'cancel_order', with: { order_id: '{{order_id}}', total: '{{find_order.total}}' } }],
    },
    { when: { words: ['order', 'where'] }, call: [{ tool: 'find_order', with: { order_id: '{{order_id}}' } }] },
    { when: { words: ['order', 'where'] }, answer: 'Which order do you mean?' },
    { when: { user: 'call me (?<name>\\w+)' }, answer: 'Hello {{name}}, you said: {{user}}' },
    {
      when: { after: 'find_order', where: { 'find_order.state': ['packed', 'paid'] } },
      answer: 'It holds {{find_order.items[*].name}}, first {{find_order.items[0].name}}. Shall I cancel it?',
    },
    { when: { after: 'find_order' }, answer: 'Order {{find_order.id}} is {{find_order.state}}.' },
    {
      when: { after: 'find_order', failed: true, result: 'HTTP (?<status>404)' },
      answer: 'There is none ({{status}}): {{all.find_order[0]}}',
    },
    { when: { after: ['find_order', 'cancel_order'], failed: true }, answer: ['The shop does not answer.'] },
    { when: { after: 'cancel_order', notCalled: 'find_order' }, answer: 'Cancelled.' },
    { when: { turn: 3 }, answer: 'This is the third thing you ask.' },
  ],
});

const say = async (...messages: Parameters<typeof model.ask>[0]) => (await model.ask(messages, { tools })).reply;

describe('a script', () => {
  it('calls a tool with what the user wrote', async () => {
    expect(await say(user('Where is order 1042?'))).toMatchObject({
      text: '',
      toolCalls: [{ name: 'find_order', arguments: '{"order_id":"1042"}' }],
    });
  });

  it('goes on to the next rule where a value is missing', async () => {
    expect(await say(user('Where is my order?'))).toMatchObject({ text: 'Which order do you mean?' });
  });

  it('looks for values in earlier messages, the latest first', async () => {
    const reply = await say(user('I have 1041 and 1042'), assistant('Yes?'), user('where is that order'));
    expect(reply?.toolCalls[0]?.arguments).toBe('{"order_id":"1041"}');
  });

  it('fills in named groups and the message itself', async () => {
    expect(await say(user('Please call me Kim'))).toMatchObject({ text: 'Hello Kim, you said: Please call me Kim' });
  });

  it('answers by what a tool found', async () => {
    const before = [user('Where is order 1042?'), ...called('find_order', { order_id: '1042' }, order)];
    expect(await say(...before)).toMatchObject({ text: 'It holds Elm 4, Oak 2, first Elm 4. Shall I cancel it?' });
    const shipped = called('find_order', { order_id: '1042' }, { ...order, state: 'shipped' });
    expect(await say(user('Where is order 1042?'), ...shipped)).toMatchObject({ text: 'Order 1042 is shipped.' });
  });

  it('knows a failed call from one that worked', async () => {
    const failed = called('find_order', { order_id: '1042' }, 'HTTP 500', { isError: true });
    expect(await say(user('Where is order 1042?'), ...failed)).toMatchObject({ text: 'The shop does not answer.' });
    const missing = called('find_order', { order_id: '1042' }, 'HTTP 404 Not Found', { isError: true });
    expect(await say(user('Where is order 1042?'), ...missing)).toMatchObject({
      text: 'There is none (404): HTTP 404 Not Found',
    });
  });

  it('remembers results and answers of earlier turns, and keeps the type of a value', async () => {
    const before = [user('Where is order 1042?'), ...called('find_order', { order_id: '1042' }, order)];
    const asked = [...before, assistant('It is packed. Shall I cancel it?'), user('Yes please')];
    expect(await say(...asked)).toMatchObject({
      toolCalls: [{ name: 'cancel_order', arguments: '{"order_id":"1042","total":49.9}' }],
    });
    expect(await say(...asked, ...called('cancel_order', {}, { done: true }))).toMatchObject({ text: 'Cancelled.' });
  });

  it('counts turns', async () => {
    expect(await say(user('a'), assistant('b'), user('c'), assistant('d'), user('e'))).toMatchObject({
      text: 'This is the third thing you ask.',
    });
  });

  it('never calls a tool that is not offered', async () => {
    const { reply } = await model.ask([user('Where is order 1042?')], { tools: [cancel] });
    expect(reply).toMatchObject({ text: 'Which order do you mean?', toolCalls: [] });
    const { reply: forbidden } = await model.ask([user('Where is order 1042?')], { tools, toolChoice: 'none' });
    expect(forbidden?.toolCalls).toEqual([]);
  });

  it('picks one of several answers by seed', async () => {
    const pick = async (seed: number) =>
      (await createModel({ seed, script: [{ answer: ['one', 'two', 'three'] }] }).ask([user('go')])).text;
    const picked = await Promise.all(Array.from({ length: 20 }, (_, seed) => pick(seed)));
    expect(new Set(picked)).toEqual(new Set(['one', 'two', 'three']));
    expect(await pick(4)).toBe(picked[4]);
  });

  it('gives way to an answer of the form that is asked for', async () => {
    const schema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] };
    const prose = createModel({ script: [{ answer: 'Fine.' }] });
    const { text } = await prose.ask([user('go')], { output: { name: 'o', schema } });
    expect(JSON.parse(text)).toEqual({ ok: expect.any(Boolean) as boolean });
  });
});
