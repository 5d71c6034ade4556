-- How many messages are in which state, over all agents; `paused` are those of queued ones whose agent is disabled. It follows
-- the counters of each agent, so that no event has to be understood twice.
CREATE TABLE IF NOT EXISTS queue_totals (
  status TEXT PRIMARY KEY,
  n      INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TRIGGER IF NOT EXISTS queue_totals_on_counter AFTER INSERT ON queue_counters
BEGIN
  INSERT INTO queue_totals (status, n) VALUES (NEW.status, NEW.n)
  ON CONFLICT (status) DO UPDATE SET n = n + excluded.n;
  INSERT INTO queue_totals (status, n)
  SELECT 'paused', NEW.n FROM agents WHERE agent_key = NEW.agent_key AND NOT enabled AND NEW.status = 'queued'
  ON CONFLICT (status) DO UPDATE SET n = n + excluded.n;
END;

CREATE TRIGGER IF NOT EXISTS queue_totals_on_counted AFTER UPDATE OF n ON queue_counters
BEGIN
  UPDATE queue_totals SET n = n + NEW.n - OLD.n WHERE status = NEW.status;
  UPDATE queue_totals SET n = n + NEW.n - OLD.n
  WHERE status = 'paused' AND NEW.status = 'queued'
    AND EXISTS (SELECT 1 FROM agents WHERE agent_key = NEW.agent_key AND NOT enabled);
END;

CREATE TRIGGER IF NOT EXISTS queue_totals_on_agent_switched AFTER INSERT ON agent_feed
WHEN NEW.type IN ('AgentEnabled', 'AgentDisabled')
BEGIN
  INSERT INTO queue_totals (status, n)
  SELECT 'paused', iif(NEW.type = 'AgentDisabled', n, -n) FROM queue_counters WHERE agent_key = NEW.id AND status = 'queued'
  ON CONFLICT (status) DO UPDATE SET n = n + excluded.n;
END;
