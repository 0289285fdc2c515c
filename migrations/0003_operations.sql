-- Small tables: what people and evaluators said, who did what, and how the system is set up. Versioned rows, the latest wins.

CREATE TABLE IF NOT EXISTS scores
(
    project_id LowCardinality(String),
    score_id String,
    target LowCardinality(String),                       -- span, trace or session
    trace_id FixedString(16),                            -- zeros where the target is a session
    span_id FixedString(8),                              -- zeros unless the target is a span
    session_id String,
    name LowCardinality(String),
    value Nullable(Float64),
    label String,
    explanation String CODEC(ZSTD(1)),
    source LowCardinality(String),                       -- human, evaluator or api
    author String,
    time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    version UInt64,
    is_deleted UInt8,
    INDEX trace_id_bloom trace_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX session_id_bloom session_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version, is_deleted)
PARTITION BY toMonday(time)
ORDER BY (project_id, toDate(time), target, trace_id, span_id, session_id, score_id)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS audit
(
    project_id LowCardinality(String),
    time DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),
    actor String,                                        -- key id or login
    action LowCardinality(String),
    target_type LowCardinality(String),
    target_id String,
    source_ip String,
    details String CODEC(ZSTD(1))                        -- JSON; never prompts, payloads or keys
)
ENGINE = MergeTree
PARTITION BY toMonday(time)
ORDER BY (project_id, time)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS configuration
(
    object_type LowCardinality(String),                  -- key, role, budget, rule, price, owner
    project_id LowCardinality(String),                   -- '' = every project
    object_id String,
    version UInt64,
    body String CODEC(ZSTD(1)),                          -- JSON, by the schema of its object type
    author String,
    effective_from DateTime64(3, 'UTC') DEFAULT now64(3),
    updated_at DateTime64(3, 'UTC') DEFAULT now64(3),
    is_deleted UInt8
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (object_type, project_id, object_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;
