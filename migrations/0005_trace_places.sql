-- Where the rows of a trace lie, by trace id alone: settlement reads a whole trace by key instead of scanning every day.
-- Written by settlement; a trace without a row has no skeleton from before the verified cursor. Of several rows the latest
-- pass wins.
CREATE TABLE IF NOT EXISTS trace_places
(
    trace_id FixedString(16) CODEC(ZSTD(1)),
    project_id LowCardinality(String),
    first_ingested_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    last_ingested_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    days Array(Date) CODEC(ZSTD(1)),                     -- of the starts of its spans, all copies included
    sessions Array(String) CODEC(ZSTD(1)),               -- that it has or had rows of in session_traces
    pass UInt64 CODEC(Delta(8), ZSTD(1))
)
ENGINE = ReplacingMergeTree(pass)
ORDER BY (trace_id, project_id)
SETTINGS index_granularity = 256, fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 1000;

-- Of a row's content without its pass: settlement writes a summary only where it differs from the last one.
ALTER TABLE traces ADD COLUMN IF NOT EXISTS digest UInt64 CODEC(NONE);
ALTER TABLE session_traces ADD COLUMN IF NOT EXISTS digest UInt64 CODEC(NONE);
ALTER TABLE sessions ADD COLUMN IF NOT EXISTS digest UInt64 CODEC(NONE);
