import { describe, expect, it } from 'vitest';
import { eventName, mapLog } from '../../../../collector/map/log.ts';
import { weekOf } from '../../../../collector/map/store-messages.ts';
import { spanEventColumns } from '../../../../migrations/schema.ts';
import { recordOf, startNs, traceHex } from './otlp-fixture.ts';

function map(record: Parameters<typeof recordOf>[0], seen = new Map<string, number>()) {
  return mapLog(recordOf(record, 'openai'), 'p', 3, seen);
}

const hello = { eventName: 'gen_ai.user.message', body: { content: 'hello' }, severityNumber: 9 };

describe('mapLog', () => {
  it('is a row of what was sent and a message of its body', () => {
    const { row, messages } = map({ ...hello, attributes: { 'gen_ai.system': 'openai', n: 1, 'session.id': 's' } });
    expect(row).toMatchObject({
      project_id: 'p',
      time: startNs,
      observed_time: 0n,
      sequence: 3,
      name: 'gen_ai.user.message',
      severity: 9,
      scope_name: 'openai',
      session_id: 's',
      input_preview: 'hello',
      output_preview: '',
      body: '',
    });
    expect(Object.keys(row)).toEqual(Object.keys(spanEventColumns));
    expect(Object.fromEntries(row.attributes)).toEqual({ 'gen_ai.system': 'openai', 'session.id': 's' });
    expect(Object.fromEntries(row.attributes_json)).toEqual({ n: '1' });
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatchObject({ conversation: 's', week: weekOf(startNs), role: 'user' });
    expect(row.input_messages).toEqual([messages[0]?.hash]);
  });

  it('belongs to the conversation of its trace where it names no session', () => {
    expect(map(hello).messages[0]?.conversation).toBe(traceHex);
    expect(map({ ...hello, attributes: { 'gen_ai.conversation.id': 'c' } }).messages[0]?.conversation).toBe('c');
  });

  it('has the time it was observed where it has none of its own', () => {
    const { row } = map({ ...hello, timeUnixNano: '0', observedTimeUnixNano: String(startNs) });
    expect(row.time).toBe(startNs);
  });

  it('keeps the body of an event that holds no messages', () => {
    const { row, messages } = map({ eventName: 'gen_ai.evaluation.result', body: { note: 'good' } });
    expect(row.body).toBe('{"note":"good"}');
    expect(messages).toEqual([]);
    expect(map({ eventName: 'gen_ai.constructor', body: 'x' }).row.body).toBe('"x"');
  });

  it('does not store the content of a call twice', () => {
    const { row } = map({
      eventName: 'gen_ai.client.inference.operation.details',
      attributes: { 'gen_ai.input.messages': [{ role: 'user', content: 'hi' }], 'gen_ai.request.model': 'm' },
    });
    expect([...row.attributes.keys(), ...row.attributes_json.keys()]).toEqual(['gen_ai.request.model']);
    expect(row.input_messages).toHaveLength(1);
  });

  it('reads its name from either place', () => {
    expect(eventName(recordOf({ eventName: 'a', attributes: { 'event.name': 'b' } }))).toBe('a');
    expect(eventName(recordOf({ attributes: { 'event.name': 'b' } }))).toBe('b');
    expect(eventName(recordOf({}))).toBe('');
  });
});

describe('the id of an event', () => {
  const idOf = (record: Parameters<typeof recordOf>[0], seen?: Map<string, number>) =>
    Buffer.from(map(record, seen).row.event_id).toString('hex');

  it('is the same when the request comes again', () => {
    expect(idOf(hello)).toBe(idOf(hello));
    expect(idOf(hello)).toMatch(/^[0-9a-f]{32}$/);
  });

  it('differs for every difference in the record', () => {
    const others = [
      hello,
      { ...hello, body: { content: 'hello!' } },
      { ...hello, eventName: 'gen_ai.system.message' },
      { ...hello, timeUnixNano: String(startNs + 1n) },
      { ...hello, spanId: 'ff'.repeat(8) },
      { ...hello, attributes: { a: 1 } },
      { ...hello, attributes: { a: 1.5 } },
    ];
    expect(new Set(others.map((record) => idOf(record))).size).toBe(others.length);
  });

  it('tells equal records of one request apart, in their order', () => {
    const first = new Map<string, number>();
    const ids = [idOf(hello, first), idOf(hello, first)];
    expect(ids[0]).not.toBe(ids[1]);
    const again = new Map<string, number>();
    expect([idOf(hello, again), idOf(hello, again)]).toEqual(ids);
  });
});
