-- Keys of consumer apps. Only the hash of a key is known.
CREATE TABLE IF NOT EXISTS api_keys (
  key_id     TEXT PRIMARY KEY,
  name       TEXT    NOT NULL,
  hash       TEXT    NOT NULL,
  scopes     TEXT    NOT NULL,
  agents     TEXT,
  users      TEXT,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER
);

CREATE UNIQUE INDEX IF NOT EXISTS api_keys_hash ON api_keys (hash);

CREATE TRIGGER IF NOT EXISTS api_keys_on_created AFTER INSERT ON apikey_feed
WHEN NEW.type = 'ApiKeyCreated'
BEGIN
  INSERT INTO api_keys (key_id, name, hash, scopes, agents, users, created_at)
  VALUES (
    NEW.id, NEW.data ->> '$.name', NEW.data ->> '$.hash', NEW.data ->> '$.scopes', NEW.data ->> '$.agents',
    NEW.data ->> '$.users', NEW.at
  );
END;

CREATE TRIGGER IF NOT EXISTS api_keys_on_revoked AFTER INSERT ON apikey_feed
WHEN NEW.type = 'ApiKeyRevoked'
BEGIN
  UPDATE api_keys SET revoked_at = NEW.at WHERE key_id = NEW.id;
END;
