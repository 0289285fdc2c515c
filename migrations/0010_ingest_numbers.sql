-- What the collectors say of themselves: what they received and what became of it, what they did not take, how they are.

-- Counts of a minute; rows of equal names merge into one. Project '' is none: a request was refused before it was known.
CREATE TABLE IF NOT EXISTS ingest_counts
(
    project_id LowCardinality(String),
    minute DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    service LowCardinality(String),                      -- service.name of the resource, '' of whole requests
    client LowCardinality(String),                       -- first product of the user agent
    signal LowCardinality(String),
    protocol LowCardinality(String),
    what LowCardinality(String),                         -- received = stored + spooled + rejected; bytes, requests, …
    detail LowCardinality(String),                       -- why rejected, how a request was answered
    count SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    first_at SimpleAggregateFunction(min, DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
    last_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toMonday(minute)
ORDER BY (project_id, minute, what, detail, service, client, signal, protocol)
TTL toDate(minute) + toIntervalDay(90)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

-- The first few of each kind in a minute.
CREATE TABLE IF NOT EXISTS ingest_rejects
(
    project_id LowCardinality(String),
    time DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    service LowCardinality(String),
    client LowCardinality(String),
    signal LowCardinality(String),
    protocol LowCardinality(String),
    code LowCardinality(String),
    message String CODEC(ZSTD(1)),                       -- what the sender was told
    place String CODEC(ZSTD(1)),                         -- resourceSpans[0].scopeSpans[0].spans[3]
    trace_id String CODEC(ZSTD(1)),                      -- hexadecimal, as sent; '' where it could not be read
    span_id String CODEC(ZSTD(1)),
    name String CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (project_id, time)
TTL toDate(time) + toIntervalDay(7)
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

-- How each collector was when it last had something to say.
CREATE TABLE IF NOT EXISTS ingest_collectors
(
    collector String,                                    -- host and port
    version LowCardinality(String),
    started_at DateTime64(3, 'UTC'),
    seen_at DateTime64(3, 'UTC'),
    has_ended Bool,
    circuit LowCardinality(String),                      -- the way to ClickHouse: closed, open or probing
    queued_bytes UInt64,
    queue_limit_bytes UInt64,
    spool_requests UInt64,
    spool_bytes UInt64,
    spool_limit_bytes UInt64,
    spool_oldest_at DateTime64(3, 'UTC'),                -- 1970 while the spool is empty
    dead_letter_bytes UInt64
)
ENGINE = ReplacingMergeTree(seen_at)
ORDER BY collector
TTL toDate(seen_at) + toIntervalDay(90)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;
