-- What the collector writes: one row a span as mapped, messages once a conversation, GenAI log records,
-- and the skeletons that settlement reads. A row is never changed; what was sent twice is one row at read.

CREATE TABLE IF NOT EXISTS messages
(
    project_id LowCardinality(String),
    week Date,                                  -- Monday of the span's start (UTC): every week holds its conversations whole
    conversation String CODEC(ZSTD(1)),         -- the span's session id, else its trace id in hex
    hash FixedString(16) CODEC(NONE),           -- first half of sha256(body)
    seen DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    role LowCardinality(String),
    body String CODEC(ZSTD(1)),                 -- canonical message as JSON
    -- Inserts leave the text index to the merges: building it at once halves their speed.
    -- The body is JSON: without its escapes a word after a line break would be indexed as `nword`.
    INDEX body_text body TYPE text(tokenizer = splitByNonAlpha, preprocessor = lowerUTF8(
        replaceAll(replaceAll(replaceAll(replaceAll(body, '\\\\', '  '), '\\n', '  '), '\\r', '  '), '\\t', '  ')))
)
ENGINE = ReplacingMergeTree
PARTITION BY week
ORDER BY (project_id, week, conversation, hash)
SETTINGS index_granularity = 1024, ttl_only_drop_parts = 1,
    fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS spans
(
    project_id LowCardinality(String),
    trace_id FixedString(16) CODEC(ZSTD(1)),
    span_id FixedString(8) CODEC(ZSTD(1)),
    parent_span_id FixedString(8) CODEC(ZSTD(1)),        -- zeros: no parent
    trace_state String CODEC(ZSTD(1)),
    flags UInt32 CODEC(ZSTD(1)),
    name LowCardinality(String),
    span_kind UInt8 CODEC(ZSTD(1)),                      -- OTLP SpanKind: 1 internal, 2 server, 3 client, 4 producer, 5 consumer
    start_time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    duration_ns Int64 CODEC(ZSTD(1)),                    -- end - start as sent: negative when a clock was
    status LowCardinality(String),                       -- canonical: unset, ok, error
    status_code UInt8 CODEC(ZSTD(1)),                    -- OTLP StatusCode as sent
    status_message String CODEC(ZSTD(1)),
    error_type LowCardinality(String),

    service_name LowCardinality(String),
    environment LowCardinality(String),
    scope_name LowCardinality(String),
    scope_version LowCardinality(String),

    convention LowCardinality(String),                   -- which mapping understood the span; '' = none
    kind LowCardinality(String),
    operation LowCardinality(String),
    session_id String CODEC(ZSTD(1)),
    user_id String CODEC(ZSTD(1)),
    agent_name LowCardinality(String),
    agent_id String CODEC(ZSTD(1)),
    agent_version LowCardinality(String),
    labels Map(LowCardinality(String), String) CODEC(ZSTD(1)),

    provider LowCardinality(String),
    request_model LowCardinality(String),
    response_model LowCardinality(String),
    response_id String CODEC(ZSTD(1)),
    finish_reasons Array(LowCardinality(String)) CODEC(ZSTD(1)),
    stream Bool CODEC(ZSTD(1)),
    time_to_first_token_ns Nullable(Int64) CODEC(ZSTD(1)),
    service_tier LowCardinality(String),
    is_batch Bool CODEC(ZSTD(1)),

    usage_scope LowCardinality(String),                  -- call, aggregate or ''
    has_usage Bool CODEC(ZSTD(1)),                       -- the span carries token counts
    input_tokens UInt64 CODEC(T64, ZSTD(1)),             -- includes cache reads and writes
    output_tokens UInt64 CODEC(T64, ZSTD(1)),            -- includes reasoning
    cache_read_tokens UInt64 CODEC(T64, ZSTD(1)),
    cache_write_tokens UInt64 CODEC(T64, ZSTD(1)),       -- all of them, the two below included
    cache_write_5m_tokens UInt64 CODEC(T64, ZSTD(1)),
    cache_write_1h_tokens UInt64 CODEC(T64, ZSTD(1)),
    reasoning_tokens UInt64 CODEC(T64, ZSTD(1)),
    input_audio_tokens UInt64 CODEC(T64, ZSTD(1)),
    output_audio_tokens UInt64 CODEC(T64, ZSTD(1)),
    reported_cost_usd Nullable(Decimal(18, 12)) CODEC(ZSTD(1)),

    tool_name LowCardinality(String),
    tool_call_id String CODEC(ZSTD(1)),

    input_preview String CODEC(ZSTD(1)),                 -- at most 200 characters
    output_preview String CODEC(ZSTD(1)),

    -- Message hashes in order; the text is in `messages`.
    system_instructions Array(FixedString(16)) CODEC(ZSTD(1)),
    tool_definitions Array(FixedString(16)) CODEC(ZSTD(1)),
    input_messages Array(FixedString(16)) CODEC(ZSTD(1)),
    output_messages Array(FixedString(16)) CODEC(ZSTD(1)),

    attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),       -- string values as sent
    attributes_json Map(LowCardinality(String), String) CODEC(ZSTD(1)),  -- every other type, as JSON
    resource Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    resource_json Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    scope_attributes String CODEC(ZSTD(1)),                              -- JSON object or ''
    events String CODEC(ZSTD(1)),                                        -- JSON array or ''
    links String CODEC(ZSTD(1)),                                         -- JSON array or ''
    dropped_attributes_count UInt32 CODEC(ZSTD(1)),
    dropped_events_count UInt32 CODEC(ZSTD(1)),
    dropped_links_count UInt32 CODEC(ZSTD(1)),

    -- Payloads: kept for the content days only, never read by a list.
    content_attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)), -- attributes that carry content or are long, as JSON
    tool_arguments String CODEC(ZSTD(1)),
    tool_result String CODEC(ZSTD(1)),
    input_value String CODEC(ZSTD(1)),
    output_value String CODEC(ZSTD(1)),

    ingested_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)), -- set by ClickHouse, never sent

    INDEX trace_id_bloom trace_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX session_id_bloom session_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX user_id_bloom user_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toMonday(start_time)
ORDER BY (project_id, toDate(start_time), trace_id, start_time)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

-- GenAI log records, joined to their span at read, whichever came first.
CREATE TABLE IF NOT EXISTS span_events
(
    project_id LowCardinality(String),
    trace_id FixedString(16) CODEC(ZSTD(1)),
    span_id FixedString(8) CODEC(ZSTD(1)),
    event_id FixedString(16) CODEC(NONE),                -- of the record's content: a record sent twice is one at read
    time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    observed_time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    sequence UInt32 CODEC(ZSTD(1)),                      -- place in the request: order among equal times
    name LowCardinality(String),
    severity UInt8 CODEC(ZSTD(1)),
    service_name LowCardinality(String),
    scope_name LowCardinality(String),
    session_id String CODEC(ZSTD(1)),
    system_instructions Array(FixedString(16)) CODEC(ZSTD(1)),
    tool_definitions Array(FixedString(16)) CODEC(ZSTD(1)),
    input_messages Array(FixedString(16)) CODEC(ZSTD(1)),
    output_messages Array(FixedString(16)) CODEC(ZSTD(1)),
    input_preview String CODEC(ZSTD(1)),
    output_preview String CODEC(ZSTD(1)),
    attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    attributes_json Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    body String CODEC(ZSTD(1)),                          -- JSON; '' where it became messages
    ingested_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),
    INDEX trace_id_bloom trace_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toMonday(time)
ORDER BY (project_id, toDate(time), trace_id, span_id, time)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

-- What settlement needs of each span, in order of arrival: it is the change feed.
CREATE TABLE IF NOT EXISTS skeletons
(
    project_id LowCardinality(String),
    trace_id FixedString(16) CODEC(ZSTD(1)),
    span_id FixedString(8) CODEC(ZSTD(1)),
    parent_span_id FixedString(8) CODEC(ZSTD(1)),
    name LowCardinality(String),
    start_time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    duration_ns Int64 CODEC(ZSTD(1)),
    status LowCardinality(String),
    error_type LowCardinality(String),
    service_name LowCardinality(String),
    environment LowCardinality(String),
    scope_name LowCardinality(String),
    convention LowCardinality(String),
    kind LowCardinality(String),
    operation LowCardinality(String),
    session_id String CODEC(ZSTD(1)),
    user_id String CODEC(ZSTD(1)),
    agent_name LowCardinality(String),
    agent_id String CODEC(ZSTD(1)),
    agent_version LowCardinality(String),
    labels Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    provider LowCardinality(String),
    request_model LowCardinality(String),
    response_model LowCardinality(String),
    response_id String CODEC(ZSTD(1)),
    service_tier LowCardinality(String),
    is_batch Bool CODEC(ZSTD(1)),
    tool_name LowCardinality(String),
    tool_call_id String CODEC(ZSTD(1)),
    usage_scope LowCardinality(String),
    has_usage Bool CODEC(ZSTD(1)),
    input_tokens UInt64 CODEC(T64, ZSTD(1)),
    output_tokens UInt64 CODEC(T64, ZSTD(1)),
    cache_read_tokens UInt64 CODEC(T64, ZSTD(1)),
    cache_write_tokens UInt64 CODEC(T64, ZSTD(1)),
    cache_write_5m_tokens UInt64 CODEC(T64, ZSTD(1)),
    cache_write_1h_tokens UInt64 CODEC(T64, ZSTD(1)),
    reasoning_tokens UInt64 CODEC(T64, ZSTD(1)),
    input_audio_tokens UInt64 CODEC(T64, ZSTD(1)),
    output_audio_tokens UInt64 CODEC(T64, ZSTD(1)),
    reported_cost_usd Nullable(Decimal(18, 12)) CODEC(ZSTD(1)),
    input_preview String CODEC(ZSTD(1)),
    output_preview String CODEC(ZSTD(1)),
    call_key UInt64 CODEC(ZSTD(1)),                      -- equal for copies of one call: service and token totals; 0 = no usage
    ingested_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    INDEX trace_id_bloom trace_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX response_id_bloom response_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX call_key_bloom call_key TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(ingested_at)
ORDER BY (ingested_at, trace_id)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS spans_to_skeletons TO skeletons AS
SELECT
    project_id, trace_id, span_id, parent_span_id, name, start_time, duration_ns, status, error_type,
    service_name, environment, scope_name, convention, kind, operation, session_id, user_id,
    agent_name, agent_id, agent_version, labels, provider, request_model, response_model, response_id,
    service_tier, is_batch, tool_name, tool_call_id, usage_scope, has_usage,
    input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cache_write_5m_tokens,
    cache_write_1h_tokens, reasoning_tokens, input_audio_tokens, output_audio_tokens, reported_cost_usd,
    input_preview, output_preview,
    if(has_usage, cityHash64(project_id, service_name, input_tokens, output_tokens), 0) AS call_key,
    ingested_at
FROM spans;
