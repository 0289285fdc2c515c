import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assistant, called, createModel, findOrder, user } from './simulated-calls.ts';

const search = {
  name: 'library__search_articles',
  description: 'Searches the articles of the library.',
  input: { type: 'object', properties: { query: { type: 'string' }, limit: { type: 'integer' } }, required: ['query'] },
};
const cancel = { name: 'cancel_order', description: 'Cancels an order.', input: findOrder.input };
const model = createModel({ answerTokens: 60 });

describe('without a script, a simulated model', () => {
  it('calls the tool that the words of the user fit, with what they say', async () => {
    const { reply } = await model.ask([user('Where is my order 1042?')], { tools: [search, cancel, findOrder] });
    expect(reply?.toolCalls).toMatchObject([{ name: 'find_order', arguments: '{"order_id":"1042"}' }]);
  });

  it('gives the whole message to a tool that takes free text', async () => {
    const { reply } = await model.ask([user('Search for articles about batteries')], { tools: [search, findOrder] });
    expect(reply?.toolCalls).toMatchObject([
      { name: 'library__search_articles', arguments: '{"query":"Search for articles about batteries"}' },
    ]);
  });

  it('changes something only when it is told to', async () => {
    const { reply } = await model.ask([user('Cancel order 1042')], { tools: [cancel] });
    expect(reply?.toolCalls).toMatchObject([{ name: 'cancel_order' }]);
    const { reply: asked } = await model.ask([user('Is order 1042 on its way?')], { tools: [cancel] });
    expect(asked?.toolCalls).toEqual([]);
  });

  it('asks for what a tool needs', async () => {
    const { text } = await model.ask([user('Where is my order?')], { tools: [findOrder] });
    expect(text).toBe('I can help with the order. Could you give me the order number, please?');
  });

  it('uses what a tool answered, and does not call it again', async () => {
    const found = called('find_order', { order_id: '1042' }, { state: 'shipped', expectedAt: '2026-11-25' });
    const { reply } = await model.ask([user('Where is my order 1042?'), ...found], { tools: [findOrder] });
    expect(reply?.text).toContain('state shipped, expected at 2026-11-25');
    expect(reply?.toolCalls).toEqual([]);
  });

  it('does not read out JSON that was cut off', async () => {
    const cut = called('find_order', { order_id: '1042' }, '{"state":"shipped","items":[{"na');
    const { text } = await model.ask([user('Where is my order 1042?'), ...cut], { tools: [findOrder] });
    expect(text).toContain('The order: more than I could read in one go.');
  });

  it('says what did not work', async () => {
    const failed = called('find_order', { order_id: '1042' }, 'HTTP 500', { isError: true });
    const { text } = await model.ask([user('Where is my order 1042?'), ...failed], { tools: [findOrder] });
    expect(text).toContain('I could not get through to the order just now (HTTP 500)');
  });

  it('calls what it is forced to call', async () => {
    const { reply } = await model.ask([user('Hello')], { tools: [findOrder, search], toolChoice: 'required' });
    expect(reply?.toolCalls).toHaveLength(1);
    const { reply: named } = await model.ask([user('Hello')], {
      tools: [findOrder, search],
      toolChoice: { name: 'find_order' },
    });
    expect(named?.toolCalls).toMatchObject([{ name: 'find_order' }]);
  });

  it('summarizes a conversation', async () => {
    const { text } = await model.ask([
      { role: 'system', text: 'Summarize the conversation for the one who goes on with it.' },
      user('My shed leaks. What can I do?'),
      assistant('Seal the roof. Then look at the walls.'),
      user('Write the summary.'),
    ]);
    expect(text).toContain('My shed leaks.');
    expect(text).toContain('Seal the roof.');
  });

  it('summarizes for the runtime, whatever its script says', async () => {
    const scripted = createModel({ script: [{ answer: 'As always.' }] });
    const said = [user('My shed leaks.'), assistant('Seal the roof.')];
    const { text } = await scripted.ask([
      ...said,
      { ...user('Summarize the conversation above.'), isNotice: true } as const,
    ]);
    expect(text).toContain('- The user: My shed leaks.');
    expect(text).not.toContain('conversation above');
    const { text: repaired } = await scripted.ask([...said, { ...user('This is no JSON.'), isNotice: true } as const]);
    expect(repaired).toBe('As always.');
  });

  it('talks about what it was asked, as long as it was told to', async () => {
    const long = createModel({ answerTokens: 400 });
    const { text } = await long.ask([user('How do I store batteries in winter?')]);
    expect(text).toContain('batteries');
    expect(text.length / 4).toBeGreaterThan(390);
    expect(text.length / 4).toBeLessThan(440);
  });

  it('takes values of an answer in JSON from the conversation', async () => {
    const schema = {
      type: 'object',
      properties: {
        decision: { enum: ['decline', 'refund'] },
        amountUsd: { type: 'number', minimum: 0 },
        order_id: { type: 'string' },
        reason: { type: 'string' },
      },
      required: ['decision', 'reason'],
    };
    const { text } = await model.ask([user('Order 1042 was damaged, please refund $49.90')], {
      output: { name: 'decision', schema },
    });
    expect(JSON.parse(text)).toMatchObject({ decision: 'refund', amountUsd: 49.9, order_id: '1042' });
  });

  it('answers in JSON that fits any schema of common parts', async () => {
    const leaf = fc.oneof(
      fc.constant({ type: 'string' }),
      fc.constant({ type: 'boolean' }),
      fc.record({
        type: fc.constant('integer'),
        minimum: fc.integer({ min: -50, max: 5 }),
        maximum: fc.integer({ min: 6, max: 99 }),
      }),
      fc.constant({ type: 'string', format: 'date' }),
      fc.constant({ enum: ['red', 'green', 3] }),
      fc.constant({ type: ['number', 'null'] }),
      fc.constant({ anyOf: [{ type: 'number' }, { type: 'null' }] }),
      fc.constant({ type: 'string', maxLength: 12 }),
    );
    const { node } = fc.letrec<{ node: object }>((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.record({ type: fc.constant('array'), items: tie('node'), minItems: fc.nat(3) }),
        makeObjectSchema(tie('node')),
      ),
    }));
    const ajv = new Ajv({ strict: false, validateFormats: false });
    await fc.assert(
      fc.asyncProperty(makeObjectSchema(node), fc.string(), async (schema, said) => {
        const { text } = await model.ask([user(said)], {
          output: { name: 'any', schema: schema as Record<string, unknown> },
        });
        const validate = ajv.compile(schema);
        expect(validate(JSON.parse(text)), `${JSON.stringify(schema)}: ${text}`).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('never throws, whatever is said to it and offered', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.jsonValue(), fc.array(fc.string()), async (said, value, names) => {
        const tools = names.map((name) => ({
          name,
          input: { type: 'object', properties: { x: value }, required: ['x'] },
        }));
        const { failure } = await model.ask([user(said), ...called('t', {}, value), user(said)], { tools });
        expect(failure).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });
});

function makeObjectSchema(member: fc.Arbitrary<object>): fc.Arbitrary<object> {
  return fc
    .dictionary(fc.constantFrom('id', 'name', 'email', 'total', 'items', 'date', 'reason'), member, { maxKeys: 4 })
    .map((properties) => ({
      type: 'object',
      properties: { ...properties },
      required: Object.keys(properties).slice(0, 2),
      additionalProperties: false,
    }));
}
