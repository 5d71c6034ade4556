-- Telegram bots: each belongs to one agent, and an agent has at most one.
CREATE TABLE IF NOT EXISTS bots (
  bot_id         TEXT PRIMARY KEY,
  agent_key      TEXT    NOT NULL,
  username       TEXT    NOT NULL,
  token_ref      TEXT    NOT NULL,
  webhook_ref    TEXT,
  webhook_url    TEXT,
  webhook_set_at INTEGER,
  linked_at      INTEGER NOT NULL
);

CREATE UNIQUE INDEX IF NOT EXISTS bots_agent ON bots (agent_key);

CREATE TRIGGER IF NOT EXISTS bots_on_linked AFTER INSERT ON agent_feed
WHEN NEW.type = 'BotLinked'
BEGIN
  SELECT RAISE(ABORT, 'rule:bot_belongs_to_another_agent')
  FROM bots WHERE bot_id = NEW.data ->> '$.bot_id' AND agent_key <> NEW.id;
  DELETE FROM bots WHERE agent_key = NEW.id AND bot_id <> NEW.data ->> '$.bot_id';
  INSERT INTO bots (bot_id, agent_key, username, token_ref, linked_at)
  VALUES (NEW.data ->> '$.bot_id', NEW.id, NEW.data ->> '$.username', NEW.data ->> '$.token_ref', NEW.at)
  ON CONFLICT (bot_id) DO UPDATE SET
    username = excluded.username, token_ref = excluded.token_ref, linked_at = excluded.linked_at;
END;

CREATE TRIGGER IF NOT EXISTS bots_on_webhook AFTER INSERT ON agent_feed
WHEN NEW.type = 'WebhookConfigured'
BEGIN
  UPDATE bots SET webhook_ref = NEW.data ->> '$.secret_ref', webhook_url = NEW.data ->> '$.url', webhook_set_at = NEW.at
  WHERE bot_id = NEW.data ->> '$.bot_id';
END;
