-- Places only ever grow: of two settlers that saw different arrivals of a trace, the row of neither narrows the other's.
-- Every statement may run again after any of them: the rename is the moment in which the tables change places.
CREATE TABLE IF NOT EXISTS trace_places_next
(
    trace_id FixedString(16) CODEC(ZSTD(1)),
    project_id LowCardinality(String),
    first_ingested_at SimpleAggregateFunction(min, DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)), -- of spans and log records
    last_ingested_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
    days SimpleAggregateFunction(groupUniqArrayArray, Array(Date)) CODEC(ZSTD(1)),       -- of the starts of its spans, all copies included
    sessions SimpleAggregateFunction(groupUniqArrayArray, Array(String)) CODEC(ZSTD(1))  -- that it has or had rows of in session_traces
)
ENGINE = AggregatingMergeTree
ORDER BY (trace_id, project_id)
SETTINGS index_granularity = 256, fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

INSERT INTO trace_places_next
SELECT trace_id, project_id, first_ingested_at, last_ingested_at, days, sessions FROM trace_places;

DROP TABLE IF EXISTS trace_places_old;

RENAME TABLE trace_places TO trace_places_old, trace_places_next TO trace_places;

DROP TABLE IF EXISTS trace_places_old;
