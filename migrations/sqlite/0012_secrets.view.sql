-- Which version of a secret is in force: the newest, unless it was destroyed. The sealed value is in sealed_secrets.
CREATE TABLE IF NOT EXISTS secrets (
  secret_ref     TEXT PRIMARY KEY,
  stream_version INTEGER NOT NULL,
  newest_version INTEGER NOT NULL,
  sealed_id      TEXT,
  changed_at     INTEGER NOT NULL
);

CREATE TRIGGER IF NOT EXISTS secrets_on_imported AFTER INSERT ON secret_feed
WHEN NEW.type IN ('SecretImported', 'SecretRotated')
BEGIN
  INSERT INTO secrets (secret_ref, stream_version, newest_version, sealed_id, changed_at)
  VALUES (NEW.id, NEW.version, NEW.data ->> '$.version', NEW.data ->> '$.sealed_id', NEW.at)
  ON CONFLICT (secret_ref) DO UPDATE SET
    stream_version = excluded.stream_version, newest_version = excluded.newest_version, sealed_id = excluded.sealed_id,
    changed_at = excluded.changed_at;
END;

CREATE TRIGGER IF NOT EXISTS secrets_on_destroyed AFTER INSERT ON secret_feed
WHEN NEW.type = 'SecretDestroyed'
BEGIN
  UPDATE secrets SET
    sealed_id = iif(newest_version = NEW.data ->> '$.version', NULL, sealed_id), stream_version = NEW.version, changed_at = NEW.at
  WHERE secret_ref = NEW.id;
END;
