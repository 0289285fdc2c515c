/** What a reject's code means to who sends, and what helps. */
export interface ReasonWords {
  title: string;
  advice: string;
}

const ofItems: Readonly<Record<string, ReasonWords>> = {
  trace_id_length: {
    title: 'The trace id is not 16 bytes',
    advice:
      'Send 32 hexadecimal digits (JSON) or 16 bytes (protobuf), as W3C Trace Context has them. A UUID works without its dashes.',
  },
  trace_id_zero: {
    title: 'The trace id is all zeros',
    advice:
      'The span was made without a trace: usually a no-op tracer, because the SDK was not started before the first span.',
  },
  span_id_length: {
    title: 'The span id is not 8 bytes',
    advice: 'Send 16 hexadecimal digits (JSON) or 8 bytes (protobuf).',
  },
  span_id_zero: {
    title: 'The span id is all zeros',
    advice: 'The span was made by a no-op tracer: start the SDK before the first span.',
  },
  parent_span_id_length: {
    title: 'The parent span id is not 8 bytes',
    advice: 'Leave it out for the first span of a trace; else send 16 hexadecimal digits (JSON) or 8 bytes (protobuf).',
  },
  time_missing: {
    title: 'The time is missing',
    advice: 'Send startTimeUnixNano (spans) or timeUnixNano (log records) as nanoseconds since 1970.',
  },
  time_too_old: {
    title: 'Older than what is kept',
    advice:
      'Its day would be dropped at once. SIGHTGLASS_RETENTION_DAYS says how far back spans are kept; a time in seconds or milliseconds instead of nanoseconds looks like this, too.',
  },
  time_in_future: {
    title: 'More than a day in the future',
    advice: 'The sender’s clock is wrong, or its time is not in nanoseconds.',
  },
  time_out_of_range: {
    title: 'A time beyond the year 2262',
    advice: 'Send nanoseconds since 1970 that fit in 63 bits.',
  },
  time_not_readable: {
    title: 'A time that is no number',
    advice: 'OTLP/JSON has times as decimal strings of nanoseconds since 1970, not as dates.',
  },
  not_a_genai_event: {
    title: 'A log record that is no GenAI event',
    advice:
      'Only log records of model calls are stored (event names that begin with gen_ai.). Send others elsewhere: point OTEL_EXPORTER_OTLP_LOGS_ENDPOINT to where your logs go.',
  },
  nested_too_deep: {
    title: 'An attribute nested deeper than 32 levels',
    advice: 'Send deep structures as one JSON string.',
  },
  id_not_hexadecimal: {
    title: 'An id that is not hexadecimal',
    advice:
      'OTLP/JSON has ids in hexadecimal, not in base64: the exporter uses plain protobuf-to-JSON instead of OTLP/JSON.',
  },
  malformed: {
    title: 'Not a readable span or log record',
    advice: 'A field has a wrong type; the message below names it. The rest of the request was taken.',
  },
  metrics_not_stored: {
    title: 'Metrics are not stored',
    advice:
      'Switch their export off (OTEL_METRICS_EXPORTER=none) or point OTEL_EXPORTER_OTLP_METRICS_ENDPOINT elsewhere.',
  },
  unstorable: {
    title: 'ClickHouse refuses these rows',
    advice: 'They can never be stored. The collector’s log has the reason; please report it.',
  },
};

const ofRequests: Readonly<Record<string, ReasonWords>> = {
  400: {
    title: 'A body that cannot be read',
    advice: 'It is not what its Content-Type and Content-Encoding say. Nothing of it was taken.',
  },
  401: {
    title: 'No key, or one that is not valid',
    advice: 'Send a key with the scope ingest as Authorization: Bearer, or as x-api-key.',
  },
  403: {
    title: 'Not allowed',
    advice: 'The key lacks the scope ingest, or a web page of another origin sent it: browsers cannot send here.',
  },
  404: { title: 'No such path', advice: 'Spans go to /v1/traces, GenAI log records to /v1/logs.' },
  405: { title: 'Not a POST', advice: 'OTLP is sent with POST.' },
  408: {
    title: 'The body did not come in time',
    advice: 'It took longer than a minute: look at the network between the sender and the collector.',
  },
  413: {
    title: 'Too large',
    advice:
      'A body may have 32 MiB compressed and 64 MiB decompressed. Make the exporter’s batches smaller (OTEL_BSP_MAX_EXPORT_BATCH_SIZE).',
  },
  415: {
    title: 'A format that is not taken',
    advice: 'Send application/x-protobuf or application/json, as it is or in gzip or deflate.',
  },
  421: {
    title: 'Not addressed to this machine',
    advice: 'Without keys the collector answers to localhost only. With SIGHTGLASS_AUTH=on it can be put on a network.',
  },
  429: {
    title: 'Too much at once, or above the key’s limit',
    advice:
      'Nothing is lost while the exporter repeats it, as exporters do. If it stays, the collector needs more machine, or the key a higher limit.',
  },
  500: { title: 'The collector failed', advice: 'Its log says why; please report it.' },
  503: {
    title: 'ClickHouse was away and the disk was full',
    advice: 'Nothing is lost while the exporter repeats it. Bring ClickHouse back, or give the collector more disk.',
  },
};

export function explainReject(code: string): ReasonWords {
  return ofItems[code] ?? { title: code, advice: 'This release does not know the reason: the collector is newer.' };
}

/** `status` as HTTP has it. */
export function explainRefusal(status: string): ReasonWords {
  return ofRequests[status] ?? { title: `Answered ${status}`, advice: 'The message says more.' };
}
