import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { rowEncoder } from '../../../migrations/row-binary.ts';
import { connect, type Inserter } from '../../../collector/write/clickhouse.ts';
import { mapSpan } from '../../../collector/map/span.ts';
import { decodeTraces } from '../../../collector/receive/json.ts';
import { messageColumns, spanColumns, tables } from '../../../migrations/schema.ts';
import { useDatabase } from '../../support/database.ts';
import { attributesOf, encodeJson, logsOf, tracesOf, type WireSpan } from '../../support/otlp-encode.ts';
import { chatAttributes, type LiveCollector, newSpan, startLiveCollector } from './live-collector.ts';

let collector: LiveCollector;
beforeEach(() => {
  collector = startLiveCollector(useDatabase());
  return () => collector.close();
});

const own = 'WHERE project_id = {project:String}';

/** Every stored span once, as every read takes them. */
async function readSpans(columns: string): Promise<Record<string, unknown>[]> {
  return collector.rows(
    `SELECT ${columns} FROM ${tables.spans} ${own} ORDER BY start_time, span_id, ingested_at LIMIT 1 BY trace_id, span_id`,
  );
}

async function count(table: string): Promise<number> {
  const [row] = await collector.rows<{ n: string }>(`SELECT toString(count()) AS n FROM ${table} ${own}`);
  return Number(row?.n);
}

/** Hashes that spans or events name and that no message of their conversation and week has. */
async function missingMessages(): Promise<number> {
  const [row] = await collector.rows<{ n: string }>(
    `SELECT toString(count()) AS n FROM (
       SELECT arrayJoin(arrayConcat(system_instructions, tool_definitions, input_messages, output_messages)) AS hash,
         if(session_id = '', lower(hex(trace_id)), session_id) AS conversation, toMonday(start_time) AS week
       FROM ${tables.spans} ${own}) AS named
     WHERE (week, conversation, hash) NOT IN (SELECT week, conversation, hash FROM ${tables.messages} ${own})`,
  );
  return Number(row?.n);
}

describe.each(['protobuf', 'json'] as const)('what comes as %s', (encoding) => {
  it('is stored as it was sent', async () => {
    const strings = { 'ü😀': 'a\0b\n"\'\\', empty: '', __proto: 'x', 'long key': 'v'.repeat(1024) };
    const span = newSpan(
      { ...strings, int: 9007199254740993n, double: 5.5, yes: true, list: [1, 'a', null], map: { a: { b: 1 } } },
      {
        name: 'näme',
        traceState: 'a=1',
        parentSpanId: 'ff'.repeat(8),
        kind: 3,
        flags: 4_294_967_295,
        status: { code: 2, message: 'no' },
        events: [{ timeUnixNano: '18446744073709551615', name: 'e', attributes: attributesOf({ a: [1] }) }],
        links: [{ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), attributes: attributesOf({ b: 'c' }) }],
      },
    );
    const request = tracesOf([span], { resource: attributesOf({ 'service.name': 's', n: 1 }), scope: { name: 'sc' } });
    expect((await collector.post(request, { encoding })).status).toBe(200);
    const columns =
      'lower(hex(trace_id)) AS trace_id, lower(hex(span_id)) AS span_id, lower(hex(parent_span_id)) AS parent, name, trace_state, flags, span_kind, ' +
      'toString(toUnixTimestamp64Nano(start_time)) AS start, toString(duration_ns) AS duration_ns, status, status_code, status_message, service_name, ' +
      'scope_name, attributes, attributes_json, resource, resource_json, events, links';
    expect(await readSpans(columns)).toEqual([
      {
        trace_id: span.traceId,
        span_id: span.spanId,
        parent: 'ff'.repeat(8),
        name: 'näme',
        trace_state: 'a=1',
        flags: 4_294_967_295,
        span_kind: 3,
        start: span.startTimeUnixNano,
        duration_ns: '1000000',
        status: 'error',
        status_code: 2,
        status_message: 'no',
        service_name: 's',
        scope_name: 'sc',
        attributes: strings,
        attributes_json: {
          int: '9007199254740993',
          double: '5.5',
          yes: 'true',
          list: '[1,"a",null]',
          map: '{"a":{"b":1}}',
        },
        resource: { 'service.name': 's' },
        resource_json: { n: '1' },
        events: '[{"timeUnixNano":"18446744073709551615","name":"e","attributes":{"a":[1]}}]',
        links: `[{"traceId":"${'ab'.repeat(16)}","spanId":"${'cd'.repeat(8)}","attributes":{"b":"c"}}]`,
      },
    ]);
  });
});

describe('attributes of any kind', () => {
  it('are read back as they were sent', async () => {
    const key = fc.string({ unit: 'binary', maxLength: 20 });
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.double({ noNaN: true, noDefaultInfinity: true }).filter((double) => !Number.isInteger(double)),
      fc.boolean(),
    );
    const samples = fc.sample(fc.dictionary(key, value, { maxKeys: 8, noNullPrototype: true }), 200);
    const spans = samples.map((sample, index) =>
      newSpan(sample, { spanId: (index + 1).toString(16).padStart(16, '0') }),
    );
    expect((await collector.post(tracesOf(spans), { encoding: 'protobuf' })).status).toBe(200);
    const read = await collector.rows<{ strings: Record<string, string>; others: Record<string, string> }>(
      `SELECT attributes AS strings, attributes_json AS others FROM ${tables.spans} ${own} ORDER BY span_id`,
    );
    expect(read).toHaveLength(samples.length);
    read.forEach(({ strings, others }, index) => {
      const back: Record<string, unknown> = { ...strings };
      for (const [name, text] of Object.entries(others)) {
        back[name] =
          text === 'true' || text === 'false' ? text === 'true' : /[.e]/.test(text) ? Number(text) : BigInt(text);
      }
      expect(back).toEqual(samples[index]);
    });
  });
});

describe('what is posted twice', () => {
  it('is read once, with its messages', async () => {
    const spans = [newSpan(chatAttributes(['a', 'b'])), newSpan()];
    for (let times = 0; times < 2; times += 1) expect((await collector.post(tracesOf(spans))).status).toBe(200);
    expect(await count(tables.spans)).toBe(4);
    expect(await readSpans('name')).toHaveLength(2);
    expect(await count(tables.messages)).toBe(2);
    expect(await missingMessages()).toBe(0);
  });

  it('gives events the same ids', async () => {
    const { traceId, spanId, startTimeUnixNano } = newSpan();
    const record = { traceId, spanId, timeUnixNano: startTimeUnixNano, eventName: 'gen_ai.user.message' };
    const records = [record, record, { ...record, body: { stringValue: 'x' } }];
    for (let times = 0; times < 2; times += 1) await collector.post(logsOf(records));
    expect(await count(tables.spanEvents)).toBe(6);
    const once = await collector.rows(`SELECT event_id FROM ${tables.spanEvents} ${own} LIMIT 1 BY event_id`);
    expect(once).toHaveLength(3);
  });
});

describe('a history that comes with every call', () => {
  it('is stored once in its conversation', async () => {
    const session = { 'session.id': 'talk' };
    const history: string[] = [];
    for (let request = 0; request < 5; request += 1) {
      const spans = Array.from({ length: 10 }, (_, call) => {
        history.push(`question ${request} ${call}`, `answer ${request} ${call}`);
        return newSpan(chatAttributes(history, session));
      });
      expect((await collector.post(tracesOf(spans))).status).toBe(200);
    }
    expect(await count(tables.messages)).toBe(100);
    expect(await missingMessages()).toBe(0);
  });

  it('is stored once by a collector that has forgotten, as far as reads can see', async () => {
    const span = newSpan(chatAttributes(['a', 'b'], { 'session.id': 'talk' }));
    await collector.post(tracesOf([span]));
    const other = startLiveCollector(useDatabase(), { projectId: collector.projectId });
    try {
      await other.post(tracesOf([newSpan(chatAttributes(['a', 'b', 'c'], { 'session.id': 'talk' }))]));
    } finally {
      await other.close();
    }
    const once = await collector.rows(`SELECT hash FROM ${tables.messages} ${own} LIMIT 1 BY hash`);
    expect(once).toHaveLength(3);
  });

  it('is stored again in another session, trace or week', async () => {
    const week = 7n * 86_400_000_000_000n;
    const span = newSpan(chatAttributes(['same']));
    const early = String(BigInt(span.startTimeUnixNano) - week);
    await collector.post(
      tracesOf([
        span,
        { ...span, spanId: 'aa'.repeat(8) },
        { ...span, startTimeUnixNano: early },
        newSpan(chatAttributes(['same'])),
        newSpan(chatAttributes(['same'], { 'session.id': 's' })),
      ]),
    );
    expect(await count(tables.messages)).toBe(4);
    expect(await missingMessages()).toBe(0);
  });
});

describe('an insert that is repeated with its token', () => {
  let inserter: Inserter;
  beforeAll(() => {
    inserter = connect(useDatabase());
  });
  afterAll(() => inserter.close());

  it('stores spans, their skeletons and messages once', async () => {
    const { items } = decodeTraces(encodeJson(tracesOf([newSpan(chatAttributes(['a'])), newSpan()])));
    const mapped = items.map((span) => mapSpan(span, collector.projectId));
    const spans = rowEncoder(spanColumns)(mapped.map(({ row }) => row));
    const messages = rowEncoder(messageColumns)(mapped.flatMap((span) => span.messages));
    const token = randomBytes(8).toString('hex');
    for (let times = 0; times < 3; times += 1) {
      const outcomes = [
        await inserter.insert({
          table: tables.messages,
          columns: messageColumns,
          format: 'RowBinary',
          data: [messages],
          token: `${token}:m`,
        }),
        await inserter.insert({
          table: tables.spans,
          columns: spanColumns,
          format: 'RowBinary',
          data: [spans],
          token: `${token}:s`,
        }),
      ];
      expect(outcomes).toEqual([{ status: 'stored' }, { status: 'stored' }]);
    }
    expect(await count(tables.spans)).toBe(2);
    expect(await count(tables.skeletons)).toBe(2);
    expect(await count(tables.messages)).toBe(1);
  });

  it('is refused where its bytes are no rows', async () => {
    const rows = Buffer.from([5, 1]);
    const outcome = await inserter.insert({
      table: tables.spans,
      columns: spanColumns,
      format: 'RowBinary',
      data: [rows],
      token: 'broken',
    });
    expect(outcome.status).toBe('refused');
  });
});

describe('skeletons', () => {
  it('are the spans, without their payloads', async () => {
    const usage = { 'gen_ai.usage.input_tokens': 7, 'gen_ai.request.model': 'm', 'gen_ai.tool.call.result': 'secret' };
    await collector.post(tracesOf([newSpan(chatAttributes(['a'], usage)), newSpan()]));
    const shared = (
      await collector.rows<{ name: string }>(
        `SELECT name FROM system.columns WHERE database = currentDatabase() AND table = '${tables.skeletons}'
         AND name NOT IN ('call_key', 'project_id', 'input_message_count')`,
      )
    ).map(({ name }) => name);
    const read = (table: string) => collector.rows(`SELECT ${shared.join(', ')} FROM ${table} ${own} ORDER BY span_id`);
    expect(await read(tables.skeletons)).toEqual(await read(tables.spans));
    const keys = await collector.rows<{ key: string }>(
      `SELECT toString(call_key) AS key FROM ${tables.skeletons} ${own} ORDER BY has_usage`,
    );
    expect(keys.map(({ key }) => key === '0')).toEqual([true, false]);
    const given = await collector.rows(
      `SELECT input_message_count AS inputs, user_message_count AS users, last_user_message != 0 AS hasLast
       FROM ${tables.skeletons} ${own} ORDER BY has_usage`,
    );
    expect(given).toEqual([
      { inputs: 0, users: 0, hasLast: 0 },
      { inputs: 1, users: 1, hasLast: 1 },
    ]);
  });
});

describe('spans of many weeks', () => {
  it('are stored by one request', async () => {
    const week = 7n * 86_400_000_000_000n;
    const spans = Array.from({ length: 105 }, (_, index): WireSpan => {
      const span = newSpan(chatAttributes([`week ${index}`]));
      return { ...span, startTimeUnixNano: String(BigInt(span.startTimeUnixNano) - BigInt(index) * week) };
    });
    expect((await collector.post(tracesOf(spans))).status).toBe(200);
    expect(await count(tables.spans)).toBe(105);
    expect(await count(tables.skeletons)).toBe(105);
    expect(await missingMessages()).toBe(0);
  });
});

describe('hostile content', () => {
  const nasty = [
    '',
    '\0',
    '\ud800',
    '{project:String}',
    "'; DROP TABLE spans; --",
    '\\',
    '\u202e',
    'constructor',
    '__proto__',
    'toString',
    '😀'.repeat(1000),
    'x'.repeat(1_000_000),
  ];

  it('is stored wherever text may stand', async () => {
    const spans = nasty.flatMap((text) => [
      newSpan(
        {
          [text]: text,
          ...chatAttributes([text], { 'session.id': text, 'user.id': text, 'gen_ai.agent.name': text }),
          ...{ 'gen_ai.operation.name': text, 'gen_ai.provider.name': text, 'gen_ai.request.model': text },
          ...{ 'gen_ai.response.finish_reasons': [text], 'gen_ai.tool.name': text, 'error.type': text },
          'gen_ai.output.messages': JSON.stringify([{ role: text, parts: [{ type: text, [text]: text }] }]),
          'gen_ai.tool.definitions': text,
        },
        { name: text, traceState: text, status: { message: text }, events: [{ name: text, timeUnixNano: '1' }] },
      ),
    ]);
    const resource = nasty.map((text) => ({ key: text, value: { stringValue: text } }));
    const reply = await collector.post(
      tracesOf(spans, { resource, scope: { name: nasty.at(-1) ?? '', version: '\0' } }),
    );
    expect([reply.status, await reply.json()]).toEqual([200, {}]);
    expect(await readSpans('name')).toHaveLength(nasty.length);
    expect(await missingMessages()).toBe(0);
  });

  it('is stored in events of model calls', async () => {
    const { traceId, spanId, startTimeUnixNano } = newSpan();
    const records = nasty.map((text) => ({
      traceId,
      spanId,
      timeUnixNano: startTimeUnixNano,
      eventName: `gen_ai.${text}`,
      body: { stringValue: text },
      attributes: attributesOf({ [text]: text, 'session.id': text }),
    }));
    const reply = await collector.post(logsOf(records));
    expect([reply.status, await reply.json()]).toEqual([200, {}]);
    expect(await count(tables.spanEvents)).toBe(nasty.length);
  });
});
