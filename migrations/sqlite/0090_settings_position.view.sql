-- Where the log last changed a policy, an agent or an API key. Whoever keeps what he read of them keeps it until this moves.
CREATE TABLE IF NOT EXISTS settings_position (
  slot     INTEGER PRIMARY KEY CHECK (slot = 1),
  position INTEGER NOT NULL
);

CREATE TRIGGER IF NOT EXISTS settings_position_on_config AFTER INSERT ON config_feed
BEGIN
  INSERT INTO settings_position (slot, position) VALUES (1, NEW.position)
  ON CONFLICT (slot) DO UPDATE SET position = excluded.position;
END;

CREATE TRIGGER IF NOT EXISTS settings_position_on_agent AFTER INSERT ON agent_feed
BEGIN
  INSERT INTO settings_position (slot, position) VALUES (1, NEW.position)
  ON CONFLICT (slot) DO UPDATE SET position = excluded.position;
END;

CREATE TRIGGER IF NOT EXISTS settings_position_on_api_key AFTER INSERT ON apikey_feed
BEGIN
  INSERT INTO settings_position (slot, position) VALUES (1, NEW.position)
  ON CONFLICT (slot) DO UPDATE SET position = excluded.position;
END;
