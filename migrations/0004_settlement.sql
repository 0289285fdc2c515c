-- What settlement needs beside a span's own numbers: which user message a call was given, what log records say of it,
-- and one row a session and trace, so that a long conversation is summed up without reading its spans.

-- `user_message_count`: of the input messages; `last_user_message`: the first eight bytes of the last one's hash, 0 = none.
ALTER TABLE spans
    ADD COLUMN IF NOT EXISTS user_message_count UInt32 CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS last_user_message UInt64 CODEC(ZSTD(1));

ALTER TABLE span_events
    ADD COLUMN IF NOT EXISTS user_message_count UInt32 CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS last_user_message UInt64 CODEC(ZSTD(1));

ALTER TABLE skeletons
    ADD COLUMN IF NOT EXISTS input_message_count UInt32 CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS user_message_count UInt32 CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS last_user_message UInt64 CODEC(ZSTD(1));

-- Changed in place: a view that was dropped and made again would miss what arrives in between.
ALTER TABLE spans_to_skeletons MODIFY QUERY SELECT
    project_id, trace_id, span_id, parent_span_id, name, start_time, duration_ns, status, error_type,
    service_name, environment, scope_name, convention, kind, operation, session_id, user_id,
    agent_name, agent_id, agent_version, labels, provider, request_model, response_model, response_id,
    service_tier, is_batch, tool_name, tool_call_id, usage_scope, has_usage,
    input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cache_write_5m_tokens,
    cache_write_1h_tokens, reasoning_tokens, input_audio_tokens, output_audio_tokens, reported_cost_usd,
    input_preview, output_preview,
    if(has_usage, cityHash64(project_id, service_name, input_tokens, output_tokens), 0) AS call_key,
    ingested_at,
    toUInt32(length(input_messages)) AS input_message_count, user_message_count, last_user_message
FROM spans;

-- Lists read summaries: with every filter's values, and where the spans are found.
ALTER TABLE traces
    ADD COLUMN IF NOT EXISTS first_span_start DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)) AFTER end_time,
    ADD COLUMN IF NOT EXISTS last_span_start DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)) AFTER first_span_start,
    ADD COLUMN IF NOT EXISTS providers Array(LowCardinality(String)) CODEC(ZSTD(1)) AFTER environments;

ALTER TABLE sessions
    ADD COLUMN IF NOT EXISTS providers Array(LowCardinality(String)) CODEC(ZSTD(1)) AFTER environments,
    ADD COLUMN IF NOT EXISTS tools Array(LowCardinality(String)) CODEC(ZSTD(1)) AFTER models;

-- Log records that carry messages, in order of arrival, as skeletons are of spans.
CREATE TABLE IF NOT EXISTS event_skeletons
(
    project_id LowCardinality(String),
    trace_id FixedString(16) CODEC(ZSTD(1)),
    span_id FixedString(8) CODEC(ZSTD(1)),
    event_id FixedString(16) CODEC(NONE),
    time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    sequence UInt32 CODEC(ZSTD(1)),
    session_id String CODEC(ZSTD(1)),
    input_message_count UInt32 CODEC(ZSTD(1)),
    user_message_count UInt32 CODEC(ZSTD(1)),
    last_user_message UInt64 CODEC(ZSTD(1)),
    input_preview String CODEC(ZSTD(1)),
    output_preview String CODEC(ZSTD(1)),
    ingested_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    INDEX trace_id_bloom trace_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(ingested_at)
ORDER BY (ingested_at, trace_id)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS span_events_to_skeletons TO event_skeletons AS
SELECT
    project_id, trace_id, span_id, event_id, time, sequence, session_id,
    toUInt32(length(input_messages)) AS input_message_count, user_message_count, last_user_message,
    input_preview, output_preview, ingested_at
FROM span_events;

-- What one trace adds to one session, written by settlement; of several rows the latest pass wins. A row without spans says
-- that the trace left the session.
CREATE TABLE IF NOT EXISTS session_traces
(
    project_id LowCardinality(String),
    session_id String CODEC(ZSTD(1)),
    trace_id FixedString(16) CODEC(ZSTD(1)),
    start_time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    end_time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    first_span_start DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),  -- of the whole trace: where its spans are found
    last_span_start DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    user_id String CODEC(ZSTD(1)),
    status LowCardinality(String),
    span_count UInt64 CODEC(T64, ZSTD(1)),
    error_count UInt64 CODEC(T64, ZSTD(1)),
    kinds Array(LowCardinality(String)) CODEC(ZSTD(1)),
    services Array(LowCardinality(String)) CODEC(ZSTD(1)),
    environments Array(LowCardinality(String)) CODEC(ZSTD(1)),
    providers Array(LowCardinality(String)) CODEC(ZSTD(1)),
    agents Array(LowCardinality(String)) CODEC(ZSTD(1)),
    models Array(LowCardinality(String)) CODEC(ZSTD(1)),
    tools Array(LowCardinality(String)) CODEC(ZSTD(1)),
    labels Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    first_input String CODEC(ZSTD(1)),
    last_output String CODEC(ZSTD(1)),
    turns String CODEC(ZSTD(1)),                         -- JSON: the turns that this trace alone would have
    model_calls UInt64 CODEC(T64, ZSTD(1)),
    input_tokens UInt64 CODEC(T64, ZSTD(1)),
    output_tokens UInt64 CODEC(T64, ZSTD(1)),
    cache_read_tokens UInt64 CODEC(T64, ZSTD(1)),
    cache_write_tokens UInt64 CODEC(T64, ZSTD(1)),
    reasoning_tokens UInt64 CODEC(T64, ZSTD(1)),
    priced_calls UInt64 CODEC(T64, ZSTD(1)),
    unpriced_calls UInt64 CODEC(T64, ZSTD(1)),
    cost_usd Nullable(Decimal(18, 12)) CODEC(ZSTD(1)),
    pass UInt64 CODEC(Delta(8), ZSTD(1)),
    is_deleted UInt8 CODEC(ZSTD(1)),
    INDEX trace_id_bloom trace_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(pass, is_deleted)
ORDER BY (project_id, session_id, trace_id)
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;
