-- The log: one line for everything that happened. Rows are added by the intakes (kind.template.sql) and by nothing else.
CREATE TABLE IF NOT EXISTS events (
  position  INTEGER PRIMARY KEY,
  stream    TEXT    NOT NULL,
  version   INTEGER NOT NULL CHECK (version > 0),
  type      TEXT    NOT NULL,
  schema    INTEGER NOT NULL CHECK (schema > 0),
  at        INTEGER NOT NULL,
  data      TEXT    NOT NULL CHECK (json_valid(data)),
  meta      TEXT    NOT NULL CHECK (json_valid(meta)),
  dedup_key TEXT
);

CREATE UNIQUE INDEX IF NOT EXISTS events_stream_version ON events (stream, version);

CREATE UNIQUE INDEX IF NOT EXISTS events_dedup_key ON events (dedup_key) WHERE dedup_key IS NOT NULL;

CREATE INDEX IF NOT EXISTS events_type ON events (type);

-- A line goes to the end of the log and of its stream. Not left to the unique indexes: with INSERT OR REPLACE, here or in
-- any statement above, those would make room by deleting older lines, past the guard against DELETE.
CREATE TRIGGER IF NOT EXISTS events_only_at_the_end BEFORE INSERT ON events
BEGIN
  SELECT RAISE(ABORT, 'rule:dedup_key_is_taken') FROM events WHERE dedup_key = NEW.dedup_key;
  SELECT RAISE(ABORT, 'rule:not_the_next_version')
  WHERE NEW.version IS NOT (SELECT coalesce(max(version), 0) + 1 FROM events WHERE stream = NEW.stream);
  SELECT RAISE(ABORT, 'rule:not_the_next_position')
  WHERE NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM events);
END;

CREATE TRIGGER IF NOT EXISTS events_no_update BEFORE UPDATE ON events
BEGIN
  SELECT RAISE(ABORT, 'rule:log_is_immutable');
END;

CREATE TRIGGER IF NOT EXISTS events_no_delete BEFORE DELETE ON events
BEGIN
  SELECT RAISE(ABORT, 'rule:log_is_immutable');
END;
