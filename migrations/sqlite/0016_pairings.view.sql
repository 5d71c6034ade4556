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
  binding_id       TEXT,
  telegram_user_id TEXT,
  telegram_chat_id TEXT,
  refusals         INTEGER NOT NULL
);

CREATE UNIQUE INDEX IF NOT EXISTS pairings_code ON pairings (code_hash);

CREATE INDEX IF NOT EXISTS pairings_user ON pairings (consumer_user_id, agent_key, pending_until);

CREATE INDEX IF NOT EXISTS pairings_of_user ON pairings (consumer_user_id, pairing_id);

CREATE INDEX IF NOT EXISTS pairings_bot ON pairings (bot_id, pending_until);

CREATE INDEX IF NOT EXISTS pairings_pending ON pairings (pending_until);

CREATE TRIGGER IF NOT EXISTS pairings_on_created AFTER INSERT ON pairing_feed
WHEN NEW.type = 'PairingCreated'
BEGIN
  SELECT RAISE(ABORT, 'rule:too_many_pairings')
  WHERE NEW.data ->> '$.pending_max' <= (
    SELECT count(*) FROM pairings
    WHERE consumer_user_id = NEW.data ->> '$.consumer_user_id' AND agent_key = NEW.data ->> '$.agent_key'
      AND pending_until > NEW.at
  );
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
    telegram_chat_id = NEW.data ->> '$.telegram_chat_id', stream_version = NEW.version
  WHERE pairing_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS pairings_on_ended AFTER INSERT ON pairing_feed
WHEN NEW.type IN ('PairingExpired', 'PairingRevoked')
BEGIN
  SELECT RAISE(ABORT, 'rule:pairing_made_its_binding') FROM pairings WHERE pairing_id = NEW.id AND binding_id IS NOT NULL;
  UPDATE pairings SET
    state = iif(NEW.type = 'PairingExpired', 'expired', 'revoked'), pending_until = NULL, stream_version = NEW.version
  WHERE pairing_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS pairings_on_refused AFTER INSERT ON pairing_feed
WHEN NEW.type = 'PairingRefused'
BEGIN
  UPDATE pairings SET refusals = refusals + 1, stream_version = NEW.version WHERE pairing_id = NEW.id;
END;

-- A code that was taken back, or noted as expired, while an account brought it makes no binding; and one that made its binding
-- is neither, even before PairingUsed says so.
CREATE TRIGGER IF NOT EXISTS pairings_on_binding AFTER INSERT ON binding_feed
WHEN NEW.type = 'BindingMade'
BEGIN
  SELECT RAISE(ABORT, 'rule:pairing_not_pending')
  FROM pairings WHERE pairing_id = NEW.data ->> '$.pairing_id' AND state <> 'pending';
  UPDATE pairings SET binding_id = NEW.id WHERE pairing_id = NEW.data ->> '$.pairing_id';
END;
