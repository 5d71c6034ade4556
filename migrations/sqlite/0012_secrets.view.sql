-- Which version of a secret is in force: the newest, unless it was destroyed. The sealed value is in sealed_secrets. A version
-- that another took the place of is in retired_secrets until its bytes are gone; one that is held stays good until then.
CREATE TABLE IF NOT EXISTS secrets (
  secret_ref     TEXT PRIMARY KEY,
  stream_version INTEGER NOT NULL,
  newest_version INTEGER NOT NULL,
  sealed_id      TEXT,
  changed_at     INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS retired_secrets (
  sealed_id  TEXT PRIMARY KEY,
  secret_ref TEXT    NOT NULL,
  version    INTEGER NOT NULL,
  held       INTEGER NOT NULL,
  retired_at INTEGER NOT NULL
);

CREATE UNIQUE INDEX IF NOT EXISTS retired_secrets_version ON retired_secrets (secret_ref, version);

CREATE INDEX IF NOT EXISTS retired_secrets_due ON retired_secrets (held, retired_at);

CREATE TRIGGER IF NOT EXISTS secrets_on_imported AFTER INSERT ON secret_feed
WHEN NEW.type IN ('SecretImported', 'SecretRotated')
BEGIN
  INSERT INTO retired_secrets (sealed_id, secret_ref, version, held, retired_at)
  SELECT sealed_id, secret_ref, newest_version, coalesce(NEW.data ->> '$.holds_earlier', 0), NEW.at
  FROM secrets WHERE secret_ref = NEW.id AND sealed_id IS NOT NULL;
  INSERT INTO secrets (secret_ref, stream_version, newest_version, sealed_id, changed_at)
  VALUES (NEW.id, NEW.version, NEW.data ->> '$.version', NEW.data ->> '$.sealed_id', NEW.at)
  ON CONFLICT (secret_ref) DO UPDATE SET
    stream_version = excluded.stream_version, newest_version = excluded.newest_version, sealed_id = excluded.sealed_id,
    changed_at = excluded.changed_at;
END;

-- A linked bot needs its token: another must take its place first.
CREATE TRIGGER IF NOT EXISTS secrets_on_withdrawn AFTER INSERT ON secret_feed
WHEN NEW.type = 'SecretWithdrawn'
BEGIN
  SELECT RAISE(ABORT, 'rule:secret_in_use') FROM bots WHERE token_ref = NEW.id;
  INSERT INTO retired_secrets (sealed_id, secret_ref, version, held, retired_at)
  SELECT sealed_id, secret_ref, newest_version, 0, NEW.at FROM secrets WHERE secret_ref = NEW.id AND sealed_id IS NOT NULL;
  UPDATE retired_secrets SET held = 0 WHERE secret_ref = NEW.id;
  UPDATE secrets SET sealed_id = NULL, stream_version = NEW.version, changed_at = NEW.at WHERE secret_ref = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS secrets_on_destroyed AFTER INSERT ON secret_feed
WHEN NEW.type = 'SecretDestroyed'
BEGIN
  DELETE FROM retired_secrets WHERE secret_ref = NEW.id AND version = NEW.data ->> '$.version';
  UPDATE secrets SET stream_version = NEW.version WHERE secret_ref = NEW.id;
END;

-- Telegram has the new secret of the webhook, so the one before is of no more use.
CREATE TRIGGER IF NOT EXISTS secrets_on_webhook AFTER INSERT ON agent_feed
WHEN NEW.type = 'WebhookConfigured'
BEGIN
  UPDATE retired_secrets SET held = 0
  WHERE secret_ref = NEW.data ->> '$.secret_ref' AND version < NEW.data ->> '$.secret_version';
END;
