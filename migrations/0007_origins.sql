-- Where the collector found each field of a span: a span can explain how it was read, also after the rules have changed.
-- Spans of one emitter share their text, of which a part holds a few dozen.

ALTER TABLE spans ADD COLUMN IF NOT EXISTS origins LowCardinality(String); -- JSON: [[field, convention, attribute], …] or ''
