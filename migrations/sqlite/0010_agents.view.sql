-- Agent profiles: who may be talked to.
CREATE TABLE IF NOT EXISTS agents (
  agent_key     TEXT PRIMARY KEY,
  stream_version INTEGER NOT NULL,
  version       TEXT    NOT NULL,
  enabled       INTEGER NOT NULL,
  configured_at INTEGER NOT NULL,
  bridge        TEXT,
  secret_refs   TEXT
);

CREATE TRIGGER IF NOT EXISTS agents_on_configured AFTER INSERT ON agent_feed
WHEN NEW.type = 'AgentConfigured'
BEGIN
  INSERT INTO agents (agent_key, stream_version, version, enabled, configured_at, bridge, secret_refs)
  VALUES (
    NEW.id, NEW.version, NEW.data ->> '$.version', 1, NEW.at, NEW.data ->> '$.bridge', NEW.data ->> '$.secret_refs'
  )
  ON CONFLICT (agent_key) DO UPDATE SET
    stream_version = excluded.stream_version, version = excluded.version, configured_at = excluded.configured_at,
    bridge = excluded.bridge, secret_refs = excluded.secret_refs;
END;

CREATE TRIGGER IF NOT EXISTS agents_on_enabled AFTER INSERT ON agent_feed
WHEN NEW.type = 'AgentEnabled'
BEGIN
  UPDATE agents SET enabled = 1, stream_version = NEW.version WHERE agent_key = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS agents_on_disabled AFTER INSERT ON agent_feed
WHEN NEW.type = 'AgentDisabled'
BEGIN
  UPDATE agents SET enabled = 0, stream_version = NEW.version WHERE agent_key = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS agents_on_bot AFTER INSERT ON agent_feed
WHEN NEW.type = 'BotLinked' OR NEW.type = 'BotUnlinked' OR NEW.type = 'WebhookRequested' OR NEW.type = 'WebhookFailed'
  OR NEW.type = 'WebhookConfigured' OR NEW.type = 'BotRetirementFailed' OR NEW.type = 'BotRetired'
BEGIN
  UPDATE agents SET stream_version = NEW.version WHERE agent_key = NEW.id;
END;
