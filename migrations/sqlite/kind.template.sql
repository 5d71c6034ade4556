-- One intake and one feed for the stream kind {kind}.
-- The intake stays empty: its trigger writes the log, shows the event to the views through the feed, and drops the row.
-- The feed is filled and emptied again, not written with INSERT OR REPLACE: the conflict rule of a statement is
-- inherited by every trigger below it, and REPLACE would silently delete the rows that the views' unique indexes guard.
-- VALUES and not SELECT, because SQLite puts the rows of a SELECT aside before triggers see them.
CREATE TABLE IF NOT EXISTS {kind}_feed (
  position INTEGER PRIMARY KEY,
  stream   TEXT    NOT NULL,
  id       TEXT    NOT NULL,
  version  INTEGER NOT NULL,
  type     TEXT    NOT NULL,
  schema   INTEGER NOT NULL,
  at       INTEGER NOT NULL,
  data     TEXT    NOT NULL
);

CREATE TABLE IF NOT EXISTS {kind}_intake (
  stream, version, type, schema, at, data, meta, dedup_key,
  CHECK (0)
);

CREATE TRIGGER IF NOT EXISTS {kind}_intake_append BEFORE INSERT ON {kind}_intake
BEGIN
  INSERT INTO events (position, stream, version, type, schema, at, data, meta, dedup_key)
  VALUES (
    (SELECT coalesce(max(position), 0) + 1 FROM events),
    NEW.stream,
    coalesce(NEW.version, (SELECT coalesce(max(version), 0) + 1 FROM events WHERE stream = NEW.stream)),
    NEW.type, NEW.schema, NEW.at, NEW.data, NEW.meta, NEW.dedup_key
  );
  INSERT INTO {kind}_feed (position, stream, id, version, type, schema, at, data)
  VALUES (
    (SELECT max(position) FROM events), NEW.stream, substr(NEW.stream, length('{kind}-') + 1),
    (SELECT max(version) FROM events WHERE stream = NEW.stream), NEW.type, NEW.schema, NEW.at, NEW.data
  );
  DELETE FROM {kind}_feed;
  SELECT RAISE(IGNORE);
END;
