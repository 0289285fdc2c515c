import { expect, it } from 'vitest';
import { MappedBatch, type TakenBody } from '../../../../collector/receive/mapped-batch.ts';
import { KnownMessages } from '../../../../collector/write/known-messages.ts';
import type { ItemRange } from '../../../../collector/write/batch-content.ts';
import { attributesOf, encodeProtobuf, logsOf, tracesOf } from '../../../support/otlp-encode.ts';

const nowMs = Date.UTC(2026, 10, 23, 12);
const timeUnixNano = String(BigInt(nowMs) * 1_000_000n);

/** What a batch sends of the body, in these pieces. */
function insertsOf(signal: TakenBody['signal'], body: Buffer, ranges: readonly (ItemRange | undefined)[]) {
  const batch = new MappedBatch({ known: new KnownMessages(), retentionDays: 400, nowMs: () => nowMs });
  for (const range of ranges) batch.append({ signal, encoding: 'protobuf', projectId: 'p', body }, range);
  const { messages, rest } = batch.seal();
  return [messages, ...rest].map((insert) => [insert?.table, Buffer.concat(insert?.data ?? []).toString('hex')]);
}

const pieces = [
  { from: 0, to: 1 },
  { from: 1, to: 2 },
  { from: 2, to: 100 },
];

it('gives the same log records in pieces as at once, though their ids count equal ones before them', () => {
  const attributes = attributesOf({ 'event.name': 'gen_ai.choice' });
  const equal = { timeUnixNano, eventName: 'gen_ai.choice', attributes, traceId: 'ab'.repeat(16) };
  const body = encodeProtobuf(logsOf([equal, equal, equal, equal]));
  expect(insertsOf('logs', body, pieces)).toEqual(insertsOf('logs', body, [undefined]));
});

it('gives the same spans in pieces as at once', () => {
  const spans = ['a', 'b', 'c', 'd'].map((name, index) => ({
    ...{ name, traceId: 'ab'.repeat(16), spanId: `cd${index}${'0'.repeat(13)}`, startTimeUnixNano: timeUnixNano },
    attributes: attributesOf({ 'gen_ai.input.messages': `[{"role":"user","content":"${name}"}]` }),
  }));
  const body = encodeProtobuf(tracesOf(spans));
  expect(insertsOf('traces', body, pieces)).toEqual(insertsOf('traces', body, [undefined]));
});
