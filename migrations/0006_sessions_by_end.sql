-- A session is listed where it was active: by its end as well as by its start. Measured on 318,000 sessions: 91 -> 31 ms of
-- CPU for a day, 102 -> 68 ms for 30 days.
ALTER TABLE sessions ADD INDEX IF NOT EXISTS end_time_range end_time TYPE minmax GRANULARITY 1;
