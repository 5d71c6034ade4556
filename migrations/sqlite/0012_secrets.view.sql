-- Which version of a secret is the active one. The sealed value is in sealed_secrets.
CREATE TABLE IF NOT EXISTS secrets (
  secret_ref     TEXT PRIMARY KEY,
  stream_version INTEGER NOT NULL,
  active_version INTEGER,
  changed_at     INTEGER NOT NULL
);

CREATE TRIGGER IF NOT EXISTS secrets_on_imported AFTER INSERT ON secret_feed
WHEN NEW.type IN ('SecretImported', 'SecretRotated')
BEGIN
  INSERT INTO secrets (secret_ref, stream_version, active_version, changed_at)
  VALUES (NEW.id, NEW.version, NEW.data ->> '$.version', NEW.at)
  ON CONFLICT (secret_ref) DO UPDATE SET
    stream_version = excluded.stream_version, active_version = excluded.active_version, changed_at = excluded.changed_at;
END;

CREATE TRIGGER IF NOT EXISTS secrets_on_destroyed AFTER INSERT ON secret_feed
WHEN NEW.type = 'SecretDestroyed'
BEGIN
  UPDATE secrets SET active_version = NULL, stream_version = NEW.version, changed_at = NEW.at
  WHERE secret_ref = NEW.id AND active_version = NEW.data ->> '$.version';
END;
