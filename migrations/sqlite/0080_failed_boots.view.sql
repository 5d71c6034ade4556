-- Workers of ours that were lost before they took anything, one after another: their image dies, or cannot reach us. Those that
-- were asked for before the last loss count as one with it. asked_at: when the first of them was asked for.
CREATE TABLE IF NOT EXISTS failed_boots (
  app_name  TEXT PRIMARY KEY,
  failures  INTEGER NOT NULL,
  asked_at  INTEGER NOT NULL,
  failed_at INTEGER NOT NULL
);

CREATE TRIGGER IF NOT EXISTS failed_boots_on_drain_requested AFTER INSERT ON worker_feed
WHEN NEW.type = 'DrainRequested' AND NEW.data ->> '$.reason' IN ('never_seen', 'machine_lost', 'silent')
BEGIN
  INSERT INTO failed_boots (app_name, failures, asked_at, failed_at)
  SELECT app_name, 1, requested_at, NEW.at FROM workers
  WHERE worker_id = NEW.id AND provider <> 'external' AND app_name IS NOT NULL AND last_claim_at IS NULL
  ON CONFLICT (app_name) DO UPDATE SET
    failures = failures + (excluded.asked_at >= failed_at), failed_at = excluded.failed_at;
END;

-- One that works has come up. Those of an earlier image say nothing.
CREATE TRIGGER IF NOT EXISTS failed_boots_on_claimed AFTER INSERT ON conversation_feed
WHEN NEW.type = 'MessageClaimed'
BEGIN
  DELETE FROM failed_boots
  WHERE app_name = (SELECT app_name FROM workers WHERE worker_id = NEW.data ->> '$.worker_id')
    AND asked_at <= (SELECT requested_at FROM workers WHERE worker_id = NEW.data ->> '$.worker_id');
END;

CREATE TRIGGER IF NOT EXISTS failed_boots_on_policy AFTER INSERT ON config_feed
WHEN NEW.type = 'ConfigChanged' AND NEW.id = 'provider'
BEGIN
  DELETE FROM failed_boots;
END;
