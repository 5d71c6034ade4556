-- Pairing codes, by their hash.
CREATE TABLE IF NOT EXISTS pairings (
  pairing_id       TEXT PRIMARY KEY,
  stream_version   INTEGER NOT NULL,
  code_hash        TEXT    NOT NULL,
  consumer_user_id TEXT    NOT NULL,
  agent_key        TEXT    NOT NULL,
  bot_id           TEXT,
  state            TEXT    NOT NULL,
  created_at       INTEGER NOT NULL,
  expires_at       INTEGER NOT NULL,
  pending_until    INTEGER,
  used_at          INTEGER,
  telegram_user_id TEXT,
  refusals         INTEGER NOT NULL
);

CREATE UNIQUE INDEX IF NOT EXISTS pairings_code ON pairings (code_hash);

CREATE INDEX IF NOT EXISTS pairings_user ON pairings (consumer_user_id, agent_key, pending_until);

CREATE INDEX IF NOT EXISTS pairings_pending ON pairings (pending_until);

CREATE TRIGGER IF NOT EXISTS pairings_on_created AFTER INSERT ON pairing_feed
WHEN NEW.type = 'PairingCreated'
BEGIN
  INSERT INTO pairings (
    pairing_id, stream_version, code_hash, consumer_user_id, agent_key, bot_id, state, created_at, expires_at, pending_until, refusals
  ) VALUES (
    NEW.id, NEW.version, NEW.data ->> '$.code_hash', NEW.data ->> '$.consumer_user_id', NEW.data ->> '$.agent_key',
    NEW.data ->> '$.bot_id', 'pending', NEW.at, NEW.data ->> '$.expires_at', NEW.data ->> '$.expires_at', 0
  );
END;

CREATE TRIGGER IF NOT EXISTS pairings_on_used AFTER INSERT ON pairing_feed
WHEN NEW.type = 'PairingUsed'
BEGIN
  UPDATE pairings SET
    state = 'used', used_at = NEW.at, pending_until = NULL, telegram_user_id = NEW.data ->> '$.telegram_user_id',
    stream_version = NEW.version
  WHERE pairing_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS pairings_on_expired AFTER INSERT ON pairing_feed
WHEN NEW.type = 'PairingExpired'
BEGIN
  UPDATE pairings SET state = 'expired', pending_until = NULL, stream_version = NEW.version WHERE pairing_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS pairings_on_refused AFTER INSERT ON pairing_feed
WHEN NEW.type = 'PairingRefused'
BEGIN
  UPDATE pairings SET refusals = refusals + 1, stream_version = NEW.version WHERE pairing_id = NEW.id;
END;
