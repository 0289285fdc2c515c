-- What was spent, and why. A decision is one row with sign +1; a correction is the same row with sign -1 and a new one.
-- Amounts are stored signed, so every sum is plain. In force is what sums to sign 1.

CREATE TABLE IF NOT EXISTS ledger
(
    project_id LowCardinality(String),
    trace_id FixedString(16) CODEC(ZSTD(1)),
    span_id FixedString(8) CODEC(ZSTD(1)),
    start_time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    sign Int8 CODEC(ZSTD(1)),

    environment LowCardinality(String),
    service_name LowCardinality(String),
    session_id String CODEC(ZSTD(1)),
    user_id String CODEC(ZSTD(1)),
    agent_name LowCardinality(String),
    agent_version LowCardinality(String),
    labels Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    provider LowCardinality(String),
    model LowCardinality(String),                        -- the model that was priced: response model, else request model
    request_model LowCardinality(String),
    kind LowCardinality(String),
    operation LowCardinality(String),
    service_tier LowCardinality(String),
    is_batch Bool CODEC(ZSTD(1)),
    is_error Bool CODEC(ZSTD(1)),

    usage_scope LowCardinality(String),
    counted Bool CODEC(ZSTD(1)),
    not_counted_because LowCardinality(String),          -- aggregate, wrapper, duplicate, not_a_model_call or ''
    counted_instead_trace_id FixedString(16) CODEC(ZSTD(1)), -- of a wrapper or duplicate: the span that counts; zeros = none
    counted_instead_span_id FixedString(8) CODEC(ZSTD(1)),
    status LowCardinality(String),                       -- priced, reported, unpriced_model, unpriced_usage or ''

    model_calls Int64 CODEC(T64, ZSTD(1)),
    input_tokens Int64 CODEC(T64, ZSTD(1)),
    output_tokens Int64 CODEC(T64, ZSTD(1)),
    cache_read_tokens Int64 CODEC(T64, ZSTD(1)),
    cache_write_tokens Int64 CODEC(T64, ZSTD(1)),
    cache_write_5m_tokens Int64 CODEC(T64, ZSTD(1)),
    cache_write_1h_tokens Int64 CODEC(T64, ZSTD(1)),
    reasoning_tokens Int64 CODEC(T64, ZSTD(1)),
    input_audio_tokens Int64 CODEC(T64, ZSTD(1)),
    output_audio_tokens Int64 CODEC(T64, ZSTD(1)),
    priced_calls Int64 CODEC(T64, ZSTD(1)),
    unpriced_calls Int64 CODEC(T64, ZSTD(1)),
    costed_rows Int64 CODEC(T64, ZSTD(1)),               -- rows whose amount is known: a sum over none of them is unknown, not 0
    cost_usd Decimal(18, 12) CODEC(ZSTD(1)),
    reported_cost_usd Decimal(18, 12) CODEC(ZSTD(1)),    -- what the emitter said; 0 where it said nothing
    price String CODEC(ZSTD(1)),                         -- the unit prices used, as JSON
    price_version LowCardinality(String),

    pass UInt64 CODEC(Delta(8), ZSTD(1)),
    shard UInt16 CODEC(ZSTD(1)),
    owner LowCardinality(String),
    booked_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),

    INDEX trace_id_bloom trace_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX session_id_bloom session_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX user_id_bloom user_id TYPE bloom_filter(0.01) GRANULARITY 1,

    PROJECTION last_pass (SELECT shard, max(pass) GROUP BY shard),
    PROJECTION by_hour_agent_model
    (
        SELECT project_id, toStartOfHour(start_time), agent_name, model,
            sum(model_calls), sum(input_tokens), sum(output_tokens), sum(cache_read_tokens), sum(cache_write_tokens),
            sum(reasoning_tokens), sum(priced_calls), sum(unpriced_calls), sum(costed_rows), sum(cost_usd), sum(reported_cost_usd)
        GROUP BY project_id, toStartOfHour(start_time), agent_name, model
    ),
    PROJECTION by_day_user_model
    (
        SELECT project_id, toDate(start_time), user_id, model,
            sum(model_calls), sum(input_tokens), sum(output_tokens), sum(cache_read_tokens), sum(cache_write_tokens),
            sum(reasoning_tokens), sum(priced_calls), sum(unpriced_calls), sum(costed_rows), sum(cost_usd), sum(reported_cost_usd)
        GROUP BY project_id, toDate(start_time), user_id, model
    ),
    PROJECTION by_day_agent_model
    (
        SELECT project_id, toDate(start_time), agent_name, model,
            sum(model_calls), sum(input_tokens), sum(output_tokens), sum(cache_read_tokens), sum(cache_write_tokens),
            sum(reasoning_tokens), sum(priced_calls), sum(unpriced_calls), sum(costed_rows), sum(cost_usd), sum(reported_cost_usd)
        GROUP BY project_id, toDate(start_time), agent_name, model
    )
)
ENGINE = MergeTree
PARTITION BY intDiv(pass, 1000000)
ORDER BY (project_id, toDate(start_time), trace_id)
SETTINGS index_granularity = 1024, ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1,
    non_replicated_deduplication_window = 10000;

-- How far settlement has come. The verified cursor only moves forward: everything that arrived before it is booked exactly.
CREATE TABLE IF NOT EXISTS settlement_cursors
(
    shard UInt16,
    verified_to DateTime64(3, 'UTC'),
    pass UInt64,
    owner String,
    updated_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(verified_to)
ORDER BY shard
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

-- Summaries for lists, written by settlement; of several rows the latest pass wins. When a late span moves the start to
-- another day, the old key gets a row with `is_deleted` set.
CREATE TABLE IF NOT EXISTS traces
(
    project_id LowCardinality(String),
    trace_id FixedString(16) CODEC(ZSTD(1)),
    start_time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    end_time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    name String CODEC(ZSTD(1)),
    root_span_id FixedString(8) CODEC(ZSTD(1)),
    status LowCardinality(String),
    span_count UInt64 CODEC(T64, ZSTD(1)),
    error_count UInt64 CODEC(T64, ZSTD(1)),
    kinds Array(LowCardinality(String)) CODEC(ZSTD(1)),
    services Array(LowCardinality(String)) CODEC(ZSTD(1)),
    environments Array(LowCardinality(String)) CODEC(ZSTD(1)),
    agents Array(LowCardinality(String)) CODEC(ZSTD(1)),
    models Array(LowCardinality(String)) CODEC(ZSTD(1)),
    tools Array(LowCardinality(String)) CODEC(ZSTD(1)),
    session_id String CODEC(ZSTD(1)),
    user_id String CODEC(ZSTD(1)),
    labels Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    input_preview String CODEC(ZSTD(1)),
    output_preview String CODEC(ZSTD(1)),
    model_calls UInt64 CODEC(T64, ZSTD(1)),
    input_tokens UInt64 CODEC(T64, ZSTD(1)),
    output_tokens UInt64 CODEC(T64, ZSTD(1)),
    cache_read_tokens UInt64 CODEC(T64, ZSTD(1)),
    cache_write_tokens UInt64 CODEC(T64, ZSTD(1)),
    reasoning_tokens UInt64 CODEC(T64, ZSTD(1)),
    priced_calls UInt64 CODEC(T64, ZSTD(1)),
    unpriced_calls UInt64 CODEC(T64, ZSTD(1)),
    cost_usd Nullable(Decimal(18, 12)) CODEC(ZSTD(1)),
    last_ingested_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    pass UInt64 CODEC(Delta(8), ZSTD(1)),
    is_deleted UInt8 CODEC(ZSTD(1)),
    INDEX trace_id_bloom trace_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX session_id_bloom session_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX user_id_bloom user_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(pass, is_deleted)
PARTITION BY toMonday(start_time)
ORDER BY (project_id, toDate(start_time), trace_id)
SETTINGS index_granularity = 1024, ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1,
    non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS sessions
(
    project_id LowCardinality(String),
    session_id String CODEC(ZSTD(1)),
    start_time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    end_time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    user_id String CODEC(ZSTD(1)),
    status LowCardinality(String),
    turn_count UInt64 CODEC(T64, ZSTD(1)),
    trace_count UInt64 CODEC(T64, ZSTD(1)),
    span_count UInt64 CODEC(T64, ZSTD(1)),
    error_count UInt64 CODEC(T64, ZSTD(1)),
    kinds Array(LowCardinality(String)) CODEC(ZSTD(1)),
    services Array(LowCardinality(String)) CODEC(ZSTD(1)),
    environments Array(LowCardinality(String)) CODEC(ZSTD(1)),
    agents Array(LowCardinality(String)) CODEC(ZSTD(1)),
    models Array(LowCardinality(String)) CODEC(ZSTD(1)),
    labels Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    first_input String CODEC(ZSTD(1)),
    last_output String CODEC(ZSTD(1)),
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
    INDEX session_id_bloom session_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX user_id_bloom user_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(pass, is_deleted)
PARTITION BY toMonday(start_time)
ORDER BY (project_id, toDate(start_time), session_id)
SETTINGS index_granularity = 1024, ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1,
    non_replicated_deduplication_window = 1000;
