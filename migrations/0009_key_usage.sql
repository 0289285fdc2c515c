-- What was sent under each key on each day, and when it was last used. The keys themselves are in `configuration`.

CREATE TABLE IF NOT EXISTS key_usage
(
    key_id String,
    day Date,
    spans SimpleAggregateFunction(sum, UInt64),          -- stored spans and log records
    last_used SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (key_id, day)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;
