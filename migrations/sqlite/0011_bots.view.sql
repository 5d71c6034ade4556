-- Telegram bots: each belongs to one agent, and an agent has at most one. One that another took the place of, or that was taken from
-- its agent, stays in retired_bots until nothing is left of it.
CREATE TABLE IF NOT EXISTS bots (
  bot_id                 TEXT PRIMARY KEY,
  agent_key              TEXT    NOT NULL,
  username               TEXT    NOT NULL,
  token_ref              TEXT    NOT NULL,
  webhook_ref            TEXT,
  webhook_url            TEXT,
  webhook_secret_version INTEGER,
  webhook_set_at         INTEGER,
  webhook_attempts       INTEGER NOT NULL,
  webhook_retry_at       INTEGER,
  webhook_error          TEXT,
  linked_at              INTEGER NOT NULL
);

CREATE UNIQUE INDEX IF NOT EXISTS bots_agent ON bots (agent_key);

CREATE INDEX IF NOT EXISTS bots_token ON bots (token_ref);

CREATE INDEX IF NOT EXISTS bots_webhook_retry ON bots (webhook_retry_at);

CREATE TABLE IF NOT EXISTS retired_bots (
  bot_id     TEXT PRIMARY KEY,
  agent_key  TEXT    NOT NULL,
  token_ref  TEXT    NOT NULL,
  attempts   INTEGER NOT NULL,
  retry_at   INTEGER NOT NULL,
  last_error TEXT
);

CREATE INDEX IF NOT EXISTS retired_bots_retry ON retired_bots (retry_at);

CREATE TRIGGER IF NOT EXISTS bots_on_linked AFTER INSERT ON agent_feed
WHEN NEW.type = 'BotLinked'
BEGIN
  SELECT RAISE(ABORT, 'rule:bot_belongs_to_another_agent')
  FROM bots WHERE bot_id = NEW.data ->> '$.bot_id' AND agent_key <> NEW.id;
  INSERT INTO retired_bots (bot_id, agent_key, token_ref, attempts, retry_at)
  SELECT bot_id, agent_key, token_ref, 0, NEW.at FROM bots WHERE agent_key = NEW.id AND bot_id <> NEW.data ->> '$.bot_id';
  DELETE FROM bots WHERE agent_key = NEW.id AND bot_id <> NEW.data ->> '$.bot_id';
  DELETE FROM retired_bots WHERE bot_id = NEW.data ->> '$.bot_id';
  INSERT INTO bots (bot_id, agent_key, username, token_ref, webhook_attempts, linked_at)
  VALUES (NEW.data ->> '$.bot_id', NEW.id, NEW.data ->> '$.username', NEW.data ->> '$.token_ref', 0, NEW.at)
  ON CONFLICT (bot_id) DO UPDATE SET
    username = excluded.username, token_ref = excluded.token_ref, linked_at = excluded.linked_at;
END;

CREATE TRIGGER IF NOT EXISTS bots_on_unlinked AFTER INSERT ON agent_feed
WHEN NEW.type = 'BotUnlinked'
BEGIN
  INSERT INTO retired_bots (bot_id, agent_key, token_ref, attempts, retry_at)
  SELECT bot_id, agent_key, token_ref, 0, NEW.at FROM bots WHERE bot_id = NEW.data ->> '$.bot_id' AND agent_key = NEW.id;
  DELETE FROM bots WHERE bot_id = NEW.data ->> '$.bot_id' AND agent_key = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS bots_on_webhook_requested AFTER INSERT ON agent_feed
WHEN NEW.type = 'WebhookRequested'
BEGIN
  UPDATE bots SET webhook_retry_at = NEW.data ->> '$.retry_at' WHERE bot_id = NEW.data ->> '$.bot_id' AND agent_key = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS bots_on_webhook_failed AFTER INSERT ON agent_feed
WHEN NEW.type = 'WebhookFailed'
BEGIN
  UPDATE bots SET
    webhook_attempts = NEW.data ->> '$.attempts', webhook_retry_at = NEW.data ->> '$.retry_at',
    webhook_error = NEW.data ->> '$.reason'
  WHERE bot_id = NEW.data ->> '$.bot_id' AND agent_key = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS bots_on_webhook AFTER INSERT ON agent_feed
WHEN NEW.type = 'WebhookConfigured'
BEGIN
  UPDATE bots SET
    webhook_ref = NEW.data ->> '$.secret_ref', webhook_url = NEW.data ->> '$.url',
    webhook_secret_version = NEW.data ->> '$.secret_version', webhook_set_at = NEW.at, webhook_attempts = 0,
    webhook_retry_at = NULL, webhook_error = NULL
  WHERE bot_id = NEW.data ->> '$.bot_id' AND agent_key = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS bots_on_retirement_failed AFTER INSERT ON agent_feed
WHEN NEW.type = 'BotRetirementFailed'
BEGIN
  UPDATE retired_bots SET
    attempts = NEW.data ->> '$.attempts', retry_at = NEW.data ->> '$.retry_at', last_error = NEW.data ->> '$.reason'
  WHERE bot_id = NEW.data ->> '$.bot_id';
END;

CREATE TRIGGER IF NOT EXISTS bots_on_retired AFTER INSERT ON agent_feed
WHEN NEW.type = 'BotRetired'
BEGIN
  DELETE FROM retired_bots WHERE bot_id = NEW.data ->> '$.bot_id';
END;
