-- What alert rules and budgets had to say. Rules themselves are among the configuration.

-- One row a tick that was evaluated. Of the successors of a tick one is stored: it is written under the token of that tick.
-- `body` is what must not be lost between two ticks: the groups that are not simply ok, and the events of this tick. Where
-- nothing changed it is empty, and the last body before it holds.
CREATE TABLE IF NOT EXISTS alert_ticks
(
    tick UInt64 CODEC(Delta(8), ZSTD(1)),
    after_tick UInt64 CODEC(Delta(8), ZSTD(1)),          -- 0: the first
    owner String CODEC(ZSTD(1)),                         -- one attempt of one server
    evaluated_to DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)), -- windows end here: behind the tick where settlement is behind
    has_body Bool CODEC(ZSTD(1)),
    body String CODEC(ZSTD(3)),
    written_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toMonday(written_at)
ORDER BY tick
SETTINGS index_granularity = 256, ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1,
    non_replicated_deduplication_window = 10000;

-- How each group of each rule is, for who looks: the latest tick wins. Nothing is decided by it.
CREATE TABLE IF NOT EXISTS alert_states
(
    project_id LowCardinality(String),
    rule_id String,
    group_key String,                                    -- '' = the rule has no groups, else '=' and the value
    state LowCardinality(String),
    body String CODEC(ZSTD(1)),                          -- JSON: value, severity, since when
    tick UInt64 CODEC(Delta(8), ZSTD(1)),
    evaluated_to DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    is_deleted UInt8
)
ENGINE = ReplacingMergeTree(tick, is_deleted)
ORDER BY (project_id, rule_id, group_key)
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

-- What is told, once each: an event that is written again has the same id and the same content.
CREATE TABLE IF NOT EXISTS alert_events
(
    project_id LowCardinality(String),
    event_id String,
    at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    tick UInt64 CODEC(Delta(8), ZSTD(1)),                -- 0: a test
    source LowCardinality(String),                       -- rule or budget
    object_id String,                                    -- of the rule or the budget
    group_key String,
    to_state LowCardinality(String),
    body String CODEC(ZSTD(1)),                          -- JSON; never prompts or payloads
    written_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),
    INDEX event_id_bloom event_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(written_at)
PARTITION BY toMonday(at)
ORDER BY (project_id, at, event_id)
SETTINGS index_granularity = 256, ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1,
    non_replicated_deduplication_window = 1000;
