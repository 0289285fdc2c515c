import { beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../../support/database.ts';
import { useApi } from './api.ts';
import { noonNs, spanIdOf, textMessage, traceIdOf } from './fixtures.ts';

describe('one trace', () => {
  const api = useApi(useDatabase());
  const traceId = traceIdOf('c1');
  const count = 25;

  beforeAll(async () => {
    const spans = Array.from({ length: count }, (_, i) => ({
      traceId,
      spanId: spanIdOf(count - i),
      ...(i === 0 ? {} : { parentSpanId: spanIdOf(count) }),
      at: Math.floor(i / 5),
    }));
    await api.write.spans(...spans);
    await api.write.spans(...spans.slice(3, 9));
    // The same span again, later and finished: the last copy is the one that is shown.
    await api.write.spans({
      traceId,
      spanId: spanIdOf(7),
      parentSpanId: spanIdOf(count),
      at: 8,
      columns: { status: 'ok' },
    });
  });

  it('comes in order of start, then span id, each span once on all pages together', async () => {
    const whole = await api.getTrace(traceId);
    expect(whole.nextCursor).toBeNull();
    const starts = whole.spans.map((span) => span.startTimeUnixNano + span.spanId);
    expect(starts).toEqual(starts.toSorted());
    expect(new Set(whole.spans.map((span) => span.spanId)).size).toBe(count);
    expect(whole.trace.spanCount).toBe(count);

    const paged = [];
    let cursor: string | undefined;
    do {
      const page = await api.getTrace(traceId, { limit: 4, cursor });
      expect(page.trace).toEqual(whole.trace);
      paged.push(...page.spans);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(paged).toEqual(whole.spans);
  });

  it('shows the copy of a span that arrived last', async () => {
    const { spans } = await api.getTrace(traceId);
    expect(spans.at(-1)).toMatchObject({ spanId: spanIdOf(7), status: 'ok' });
  });

  it('is found without a time and whatever the case of its id', async () => {
    expect((await api.getTrace(traceId.toUpperCase())).trace.traceId).toBe(traceId);
  });

  it('belongs to one project', async () => {
    const asked = await api.ask(`/api/traces/${traceId}`, { project: 'another' });
    expect(asked).toMatchObject({ status: 404, error: { code: 'trace_not_found' } });
  });

  it('says which of trace and span is unknown', async () => {
    const { project } = api;
    const span = await api.ask(`/api/traces/${traceId}/spans/${spanIdOf(99)}`, { project });
    expect(span).toMatchObject({ status: 404, error: { code: 'span_not_found' } });
    const trace = await api.ask(`/api/traces/${traceIdOf('c9')}/spans/${spanIdOf(1)}`, { project });
    expect(trace).toMatchObject({ status: 404, error: { code: 'trace_not_found' } });
  });
});

describe('one span', () => {
  const api = useApi(useDatabase());
  const traceId = traceIdOf('d1');
  const system = textMessage('system', 'be brief');
  const hello = textMessage('user', 'hello\n"you"');
  const answer = { ...textMessage('assistant', 'hi'), finish_reason: 'stop' };

  it('has its messages in order, payloads, and attributes with their types', async () => {
    const spanId = spanIdOf(1);
    await api.write.spans({
      traceId,
      spanId,
      system: [system],
      input: [hello, answer, hello],
      output: [answer],
      toolDefinitions: [{ type: 'function', name: 'look_up', maximum: 1 }],
      columns: {
        session_id: 's-9',
        status_message: 'timed out',
        attributes: new Map([
          ['gen_ai.system', 'openai'],
          ['__proto__', 'kept'],
        ]),
        attributes_json: new Map([
          ['int', '9007199254740993'],
          ['double', '0.5'],
          ['flag', 'true'],
          ['list', '["a","b"]'],
        ]),
        content_attributes: new Map([['long', '"text"']]),
        resource: new Map([['service.name', 'shop']]),
        resource_json: new Map([['process.pid', '7']]),
        tool_arguments: '{"id":12345678901234567890}',
        tool_result: '"plain text"',
        input_value: '[1]',
        events: JSON.stringify([{ timeUnixNano: String(noonNs), name: 'exception', attributes: { a: 1 } }]),
        links: JSON.stringify([{ traceId, spanId: spanIdOf(2), attributes: {} }]),
        time_to_first_token_ns: 410_000_000n,
        finish_reasons: ['stop'],
        reported_cost_usd: 1_500_000_000n,
        dropped_events_count: 3,
        convention: 'openinference',
        origins: '[["kind","openinference","openinference.span.kind"],["sessionId","","session.id"]]',
        labels: new Map([
          ['team', 'search'],
          ['tag.beta', 'true'],
        ]),
        service_tier: 'flex',
        is_batch: true,
      },
    });
    const span = await api.getSpan(traceId, spanId);
    expect(span).toMatchObject({
      systemInstructions: [{ type: 'text', content: 'be brief' }],
      inputMessages: [
        hello,
        { role: 'assistant', parts: [{ type: 'text', content: 'hi' }], finishReason: 'stop' },
        hello,
      ],
      outputMessages: [{ role: 'assistant', finishReason: 'stop' }],
      toolDefinitions: [{ type: 'function', name: 'look_up', maximum: 1 }],
      missingMessages: 0,
      statusMessage: 'timed out',
      resource: { 'service.name': 'shop', 'process.pid': 7 },
      toolResult: 'plain text',
      inputValue: [1],
      outputValue: null,
      events: [{ timeUnixNano: String(noonNs), name: 'exception', attributes: { a: 1 } }],
      links: [{ traceId, spanId: spanIdOf(2), attributes: {} }],
      timeToFirstTokenNs: '410000000',
      finishReasons: ['stop'],
      reportedCostUsd: '0.0015',
      droppedEventsCount: 3,
      convention: 'openinference',
      mapping: {
        convention: 'openinference',
        fields: [
          { field: 'kind', convention: 'openinference', attribute: 'openinference.span.kind' },
          { field: 'sessionId', convention: '', attribute: 'session.id' },
        ],
      },
      labels: { team: 'search', 'tag.beta': 'true' },
      serviceTier: 'flex',
      isBatch: true,
    });
    expect(span.attributes).toMatchObject({
      'gen_ai.system': 'openai',
      double: 0.5,
      flag: true,
      list: ['a', 'b'],
      long: 'text',
    });
  });

  it('keeps the digits of numbers that a double cannot hold', async () => {
    const path = `http://127.0.0.1/api/traces/${traceId}/spans/${spanIdOf(1)}?project=${api.project}`;
    const response = await api.app.request(path, { headers: { host: '127.0.0.1' } });
    const text = await response.text();
    expect(text).toContain('"int":9007199254740993');
    expect(text).toContain('{"id":12345678901234567890}');
    expect(text).toContain('"__proto__":"kept"');
  });

  it('counts the messages that are not stored', async () => {
    const spanId = spanIdOf(2);
    const gone = Buffer.alloc(16, 7);
    await api.write.spans({ traceId, spanId, columns: { input_messages: [gone, gone], output_messages: [gone] } });
    expect(await api.getSpan(traceId, spanId)).toMatchObject({ inputMessages: [], missingMessages: 3 });
  });

  it('has the messages that came as log records, in their order, whichever conversation and week they lie in', async () => {
    const spanId = spanIdOf(3);
    const record = { traceId, spanId };
    const week = 7 * 86_400;
    await api.write.records(
      { ...record, at: 2, input: [textMessage('user', 'third')], columns: { session_id: 'other' } },
      { ...record, at: 1, sequence: 2, input: [textMessage('user', 'second')] },
      { ...record, at: 1, sequence: 1, input: [textMessage('system', 'first')] },
      { ...record, at: week, output: [answer], columns: { name: 'gen_ai.choice' } },
      {
        ...record,
        at: 3,
        columns: { name: 'gen_ai.evaluation.result', attributes_json: new Map([['score', '0.5']]), body: '{"b":1}' },
      },
    );
    // A record that was sent twice is one; the span comes last of all.
    await api.write.records({
      ...record,
      at: 2,
      input: [textMessage('user', 'third')],
      columns: { session_id: 'other' },
    });
    await api.write.spans({ traceId, spanId, columns: { session_id: 'mine' } });
    const span = await api.getSpan(traceId, spanId);
    expect(span.inputMessages.map((message) => message.parts)).toEqual(
      ['first', 'second', 'third'].map((content) => [{ type: 'text', content }]),
    );
    expect(span.outputMessages).toHaveLength(1);
    expect(span.missingMessages).toBe(0);
    expect(span.events).toEqual([
      {
        timeUnixNano: String(noonNs + 3_000_000_000n),
        name: 'gen_ai.evaluation.result',
        attributes: { score: 0.5, body: { b: 1 } },
      },
    ]);
  });

  it('keeps its own messages of a side beside the records of the other', async () => {
    const spanId = spanIdOf(4);
    await api.write.spans({ traceId, spanId, input: [hello] });
    await api.write.records({ traceId, spanId, input: [textMessage('user', 'of the record')], output: [answer] });
    const span = await api.getSpan(traceId, spanId);
    expect(span.inputMessages).toEqual([hello]);
    expect(span.outputMessages).toHaveLength(1);
  });
});
