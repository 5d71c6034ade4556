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

CREATE UNIQUE INDEX IF NOT EXISTS events_dedup_key ON events (dedup_key);

CREATE INDEX IF NOT EXISTS events_type ON events (type);

CREATE TRIGGER IF NOT EXISTS events_no_update BEFORE UPDATE ON events
BEGIN
  SELECT RAISE(ABORT, 'rule:log_is_immutable');
END;

CREATE TRIGGER IF NOT EXISTS events_no_delete BEFORE DELETE ON events
BEGIN
  SELECT RAISE(ABORT, 'rule:log_is_immutable');
END;
