-- A user of a consumer app and an agent: their one conversation, and the newest binding and pairing.
CREATE TABLE IF NOT EXISTS user_agents (
  consumer_user_id TEXT NOT NULL,
  agent_key        TEXT NOT NULL,
  conversation_id  TEXT,
  binding_id       TEXT,
  pairing_id       TEXT,
  PRIMARY KEY (consumer_user_id, agent_key)
);

CREATE UNIQUE INDEX IF NOT EXISTS user_agents_conversation ON user_agents (conversation_id);

CREATE TRIGGER IF NOT EXISTS user_agents_on_bound AFTER INSERT ON binding_feed
WHEN NEW.type = 'BindingMade'
BEGIN
  SELECT RAISE(ABORT, 'rule:user_has_another_conversation')
  FROM user_agents
  WHERE consumer_user_id = NEW.data ->> '$.consumer_user_id' AND agent_key = NEW.data ->> '$.agent_key'
    AND conversation_id <> NEW.data ->> '$.conversation_id';
  INSERT INTO user_agents (consumer_user_id, agent_key, conversation_id, binding_id)
  VALUES (
    NEW.data ->> '$.consumer_user_id', NEW.data ->> '$.agent_key', NEW.data ->> '$.conversation_id', NEW.id
  )
  ON CONFLICT (consumer_user_id, agent_key) DO UPDATE SET
    conversation_id = excluded.conversation_id, binding_id = excluded.binding_id;
END;

CREATE TRIGGER IF NOT EXISTS user_agents_on_pairing AFTER INSERT ON pairing_feed
WHEN NEW.type = 'PairingCreated'
BEGIN
  INSERT INTO user_agents (consumer_user_id, agent_key, pairing_id)
  VALUES (NEW.data ->> '$.consumer_user_id', NEW.data ->> '$.agent_key', NEW.id)
  ON CONFLICT (consumer_user_id, agent_key) DO UPDATE SET pairing_id = excluded.pairing_id;
END;
