-- Messages to channels, one row for each event and channel: the outbox of alerts. Versioned rows, the highest step wins.

CREATE TABLE IF NOT EXISTS deliveries
(
    project_id LowCardinality(String),
    delivery_id String,                                  -- hash of project, event and channel; also the id that a webhook sees
    event_id String,
    event_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    channel_id String,
    series String,                                       -- messages of one series go to a channel in the order of their events
    step UInt32,                                         -- each is written once, under a token of its own: a compare-and-swap
    state LowCardinality(String),                        -- pending, sending, delivered, failed (tried again), dead
    is_posted Bool,                                      -- while sending: the request may have left
    tries UInt32,                                        -- since it was made, or since somebody asked for another round
    next_at DateTime64(3, 'UTC'),                        -- when it is due; while sending: when the claim ends
    owner String,                                        -- who wrote this step
    attempts String CODEC(ZSTD(1)),                      -- JSON: when, how it ended, what was answered
    event String CODEC(ZSTD(1)),                         -- JSON, as in alert_events
    is_test Bool,
    updated_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(step)
PARTITION BY toMonday(event_at)
ORDER BY (project_id, delivery_id)
TTL toDate(event_at) + toIntervalDay(90)
SETTINGS index_granularity = 256, ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1,
    non_replicated_deduplication_window = 10000;
