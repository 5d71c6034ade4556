-- Which Telegram account speaks for which consumer user, to which agent, in which conversation.
-- The active_ columns are NULL once a binding is revoked, so that the unique indexes bind active rows only. One that has ended is to be
-- settled: what still waits in its name ends with it.
CREATE TABLE IF NOT EXISTS bindings (
  binding_id              TEXT PRIMARY KEY,
  stream_version          INTEGER NOT NULL,
  consumer_user_id        TEXT    NOT NULL,
  agent_key               TEXT    NOT NULL,
  conversation_id         TEXT    NOT NULL,
  bot_id                  TEXT,
  telegram_user_id        TEXT,
  telegram_chat_id        TEXT,
  active_consumer_user_id TEXT,
  active_telegram_user_id TEXT,
  active_telegram_chat_id TEXT,
  source                  TEXT    NOT NULL,
  metadata                TEXT    NOT NULL,
  bound_at                INTEGER NOT NULL,
  revoked_at              INTEGER,
  blocked_at              INTEGER,
  settle_at               INTEGER
);

CREATE UNIQUE INDEX IF NOT EXISTS bindings_active_user ON bindings (active_consumer_user_id, agent_key);

CREATE UNIQUE INDEX IF NOT EXISTS bindings_active_telegram ON bindings (active_telegram_user_id, bot_id);

CREATE INDEX IF NOT EXISTS bindings_chat ON bindings (active_telegram_chat_id, bot_id);

CREATE INDEX IF NOT EXISTS bindings_bot ON bindings (bot_id, active_telegram_user_id);

CREATE INDEX IF NOT EXISTS bindings_source ON bindings (source, bot_id, binding_id);

CREATE INDEX IF NOT EXISTS bindings_user ON bindings (consumer_user_id, bound_at, binding_id);

CREATE INDEX IF NOT EXISTS bindings_settle ON bindings (settle_at);

CREATE INDEX IF NOT EXISTS bindings_conversation ON bindings (conversation_id);

CREATE TRIGGER IF NOT EXISTS bindings_on_made AFTER INSERT ON binding_feed
WHEN NEW.type = 'BindingMade'
BEGIN
  INSERT INTO bindings (
    binding_id, stream_version, consumer_user_id, agent_key, conversation_id, bot_id, telegram_user_id, telegram_chat_id,
    active_consumer_user_id, active_telegram_user_id, active_telegram_chat_id, source, metadata, bound_at
  ) VALUES (
    NEW.id, NEW.version, NEW.data ->> '$.consumer_user_id', NEW.data ->> '$.agent_key', NEW.data ->> '$.conversation_id',
    NEW.data ->> '$.bot_id', NEW.data ->> '$.telegram_user_id', NEW.data ->> '$.telegram_chat_id',
    NEW.data ->> '$.consumer_user_id', NEW.data ->> '$.telegram_user_id', NEW.data ->> '$.telegram_chat_id',
    NEW.data ->> '$.source', coalesce(NEW.data ->> '$.metadata', '{}'), NEW.at
  );
END;

CREATE TRIGGER IF NOT EXISTS bindings_on_revoked AFTER INSERT ON binding_feed
WHEN NEW.type = 'BindingRevoked'
BEGIN
  UPDATE bindings SET
    active_consumer_user_id = NULL, active_telegram_user_id = NULL, active_telegram_chat_id = NULL, revoked_at = NEW.at,
    settle_at = NEW.at, stream_version = NEW.version
  WHERE binding_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS bindings_on_settled AFTER INSERT ON binding_feed
WHEN NEW.type = 'BindingSettled'
BEGIN
  UPDATE bindings SET settle_at = NULL, stream_version = NEW.version WHERE binding_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS bindings_on_annotated AFTER INSERT ON binding_feed
WHEN NEW.type = 'BindingAnnotated'
BEGIN
  UPDATE bindings SET metadata = json_patch(metadata, NEW.data ->> '$.metadata'), stream_version = NEW.version
  WHERE binding_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS bindings_on_heard AFTER INSERT ON binding_feed
WHEN NEW.type IN ('ChatBlocked', 'ChatUnblocked')
BEGIN
  UPDATE bindings SET blocked_at = iif(NEW.type = 'ChatBlocked', NEW.at, NULL), stream_version = NEW.version
  WHERE binding_id = NEW.id;
END;
