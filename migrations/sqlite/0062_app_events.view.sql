-- What consumer apps may follow: what happened to agents, pairings and bindings, without what is nobody's business.
CREATE TABLE IF NOT EXISTS app_events (
  position         INTEGER PRIMARY KEY,
  type             TEXT    NOT NULL,
  at               INTEGER NOT NULL,
  agent_key        TEXT    NOT NULL,
  consumer_user_id TEXT,
  subject_id       TEXT    NOT NULL,
  data             TEXT    NOT NULL
);

CREATE TRIGGER IF NOT EXISTS app_events_on_agent AFTER INSERT ON agent_feed
WHEN NEW.type = 'AgentConfigured' OR NEW.type = 'AgentEnabled' OR NEW.type = 'AgentDisabled' OR NEW.type = 'BotLinked'
  OR NEW.type = 'BotUnlinked' OR NEW.type = 'WebhookConfigured' OR NEW.type = 'WebhookFailed' OR NEW.type = 'BotRetired'
BEGIN
  INSERT INTO app_events (position, type, at, agent_key, subject_id, data)
  VALUES (
    NEW.position, NEW.type, NEW.at, NEW.id, NEW.id,
    json_remove(NEW.data, '$.bridge', '$.secret_refs', '$.token_ref', '$.secret_ref', '$.secret_version')
  );
END;

-- Whose a pairing or a binding is stands in its first event and never changes, so it does not matter whether the view of it has
-- seen this event yet.
CREATE TRIGGER IF NOT EXISTS app_events_on_pairing AFTER INSERT ON pairing_feed
BEGIN
  INSERT INTO app_events (position, type, at, agent_key, consumer_user_id, subject_id, data)
  VALUES (
    NEW.position, NEW.type, NEW.at,
    coalesce(NEW.data ->> '$.agent_key', (SELECT agent_key FROM pairings WHERE pairing_id = NEW.id)),
    coalesce(NEW.data ->> '$.consumer_user_id', (SELECT consumer_user_id FROM pairings WHERE pairing_id = NEW.id)),
    NEW.id, json_remove(NEW.data, '$.code_hash', '$.pending_max')
  );
END;

CREATE TRIGGER IF NOT EXISTS app_events_on_binding AFTER INSERT ON binding_feed
BEGIN
  INSERT INTO app_events (position, type, at, agent_key, consumer_user_id, subject_id, data)
  VALUES (
    NEW.position, NEW.type, NEW.at,
    coalesce(NEW.data ->> '$.agent_key', (SELECT agent_key FROM bindings WHERE binding_id = NEW.id)),
    coalesce(NEW.data ->> '$.consumer_user_id', (SELECT consumer_user_id FROM bindings WHERE binding_id = NEW.id)),
    NEW.id, NEW.data
  );
END;
