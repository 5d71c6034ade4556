-- Policies that the operator changed; what is not here has its default (crates/domain, config).
CREATE TABLE IF NOT EXISTS configs (
  name           TEXT PRIMARY KEY,
  stream_version INTEGER NOT NULL,
  value          TEXT    NOT NULL,
  changed_at     INTEGER NOT NULL
);

CREATE TRIGGER IF NOT EXISTS configs_on_changed AFTER INSERT ON config_feed
WHEN NEW.type = 'ConfigChanged'
BEGIN
  INSERT INTO configs (name, stream_version, value, changed_at)
  VALUES (NEW.id, NEW.version, NEW.data ->> '$.value', NEW.at)
  ON CONFLICT (name) DO UPDATE SET
    stream_version = excluded.stream_version, value = excluded.value, changed_at = excluded.changed_at;
END;
