-- What things took, so that somebody who knows the prices can say what they cost. One file, because the tables change together.
--   machine_times  workers of ours that have not stopped: since when they are billed for what
--   message_costs  messages that a worker of ours had: how long it worked on them, over all deliveries
--   cost_days      what is over, by day (days since the epoch, UTC) and agent
CREATE TABLE IF NOT EXISTS machine_times (
  worker_id    TEXT PRIMARY KEY,
  agent_key    TEXT NOT NULL,
  machine_from INTEGER,
  stop_from    INTEGER,
  volume_from  INTEGER,
  volume_gb    INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS message_costs (
  message_id      TEXT PRIMARY KEY,
  conversation_id TEXT    NOT NULL,
  agent_key       TEXT    NOT NULL,
  work_ms         INTEGER NOT NULL,
  claimed_at      INTEGER,
  ended_at        INTEGER
);

CREATE INDEX IF NOT EXISTS message_costs_ended ON message_costs (message_id) WHERE ended_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS cost_days (
  day          INTEGER NOT NULL,
  agent_key    TEXT    NOT NULL,
  running_ms   INTEGER NOT NULL,
  stopped_ms   INTEGER NOT NULL,
  volume_gb_ms INTEGER NOT NULL,
  finished     INTEGER NOT NULL,
  work_ms      INTEGER NOT NULL,
  PRIMARY KEY (day, agent_key)
);

CREATE TRIGGER IF NOT EXISTS costs_on_requested AFTER INSERT ON worker_feed
WHEN NEW.type = 'WorkerRequested' AND NEW.data ->> '$.provider' <> 'external'
BEGIN
  INSERT INTO machine_times (worker_id, agent_key, volume_gb)
  SELECT NEW.id, coalesce((SELECT agent_key FROM conversations WHERE conversation_id = NEW.data ->> '$.wanted_for'), ''), 0
  WHERE 1;
END;

-- A worker that waited for a conversation is its agent's from then on.
CREATE TRIGGER IF NOT EXISTS costs_on_assigned AFTER INSERT ON worker_feed
WHEN NEW.type = 'AssignmentChanged'
BEGIN
  UPDATE machine_times SET agent_key = coalesce(
    (SELECT agent_key FROM conversations WHERE conversation_id = NEW.data ->> '$.conversation_id'), agent_key
  ) WHERE worker_id = NEW.id;
END;

-- The size is that of the policy at that time.
CREATE TRIGGER IF NOT EXISTS costs_on_volume_created AFTER INSERT ON worker_feed
WHEN NEW.type = 'VolumeCreated'
BEGIN
  UPDATE machine_times SET
    volume_from = NEW.at,
    volume_gb = coalesce((SELECT value ->> '$.volume_size_gb' FROM configs WHERE name = 'provider'), 0)
  WHERE worker_id = NEW.id AND volume_from IS NULL;
END;

CREATE TRIGGER IF NOT EXISTS costs_on_machine_created AFTER INSERT ON worker_feed
WHEN NEW.type = 'MachineCreated'
BEGIN
  UPDATE machine_times SET machine_from = NEW.at WHERE worker_id = NEW.id AND machine_from IS NULL;
END;

-- From the order to stop on, it is taken for stopped.
CREATE TRIGGER IF NOT EXISTS costs_on_teardown AFTER INSERT ON worker_feed
WHEN NEW.type = 'TeardownStarted'
BEGIN
  UPDATE machine_times SET stop_from = NEW.at WHERE worker_id = NEW.id AND machine_from IS NOT NULL AND stop_from IS NULL;
END;

-- One row for each day that the machine saw. The days are counted by as many elements of a JSON array.
CREATE TRIGGER IF NOT EXISTS costs_on_machine_gone AFTER INSERT ON worker_feed
WHEN NEW.type = 'MachineGone'
BEGIN
  INSERT INTO cost_days (day, agent_key, running_ms, stopped_ms, volume_gb_ms, finished, work_ms)
  SELECT
    t.machine_from / 86400000 + d.key, t.agent_key,
    max(0, min(coalesce(t.stop_from, NEW.at), (t.machine_from / 86400000 + d.key + 1) * 86400000)
      - max(t.machine_from, (t.machine_from / 86400000 + d.key) * 86400000)),
    max(0, min(NEW.at, (t.machine_from / 86400000 + d.key + 1) * 86400000)
      - max(coalesce(t.stop_from, NEW.at), (t.machine_from / 86400000 + d.key) * 86400000)),
    0, 0, 0
  FROM machine_times t, json_each(
    '[' || rtrim(replace(hex(zeroblob(NEW.at / 86400000 - t.machine_from / 86400000 + 1)), '00', '0,'), ',') || ']'
  ) d
  WHERE t.worker_id = NEW.id AND t.machine_from IS NOT NULL
  ON CONFLICT (day, agent_key) DO UPDATE SET
    running_ms = running_ms + excluded.running_ms, stopped_ms = stopped_ms + excluded.stopped_ms;
  UPDATE machine_times SET machine_from = NULL, stop_from = NULL WHERE worker_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS costs_on_volume_gone AFTER INSERT ON worker_feed
WHEN NEW.type = 'VolumeGone'
BEGIN
  INSERT INTO cost_days (day, agent_key, running_ms, stopped_ms, volume_gb_ms, finished, work_ms)
  SELECT
    t.volume_from / 86400000 + d.key, t.agent_key, 0, 0,
    t.volume_gb * max(0, min(NEW.at, (t.volume_from / 86400000 + d.key + 1) * 86400000)
      - max(t.volume_from, (t.volume_from / 86400000 + d.key) * 86400000)),
    0, 0
  FROM machine_times t, json_each(
    '[' || rtrim(replace(hex(zeroblob(NEW.at / 86400000 - t.volume_from / 86400000 + 1)), '00', '0,'), ',') || ']'
  ) d
  WHERE t.worker_id = NEW.id AND t.volume_from IS NOT NULL
  ON CONFLICT (day, agent_key) DO UPDATE SET volume_gb_ms = volume_gb_ms + excluded.volume_gb_ms;
  UPDATE machine_times SET volume_from = NULL WHERE worker_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS costs_on_stopped AFTER INSERT ON worker_feed
WHEN NEW.type = 'WorkerStopped'
BEGIN
  DELETE FROM machine_times WHERE worker_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS costs_on_claimed AFTER INSERT ON conversation_feed
WHEN NEW.type = 'MessageClaimed'
BEGIN
  INSERT INTO message_costs (message_id, conversation_id, agent_key, work_ms, claimed_at)
  SELECT NEW.data ->> '$.message_id', NEW.id, c.agent_key, 0, NEW.at
  FROM conversations c
  WHERE c.conversation_id = NEW.id
    AND EXISTS (SELECT 1 FROM machine_times t WHERE t.worker_id = NEW.data ->> '$.worker_id')
  ON CONFLICT (message_id) DO UPDATE SET claimed_at = excluded.claimed_at;
END;

CREATE TRIGGER IF NOT EXISTS costs_on_delivery_ended AFTER INSERT ON conversation_feed
WHEN NEW.type = 'MessageCompleted' OR NEW.type = 'MessageFailed' OR NEW.type = 'LeaseLost' OR NEW.type = 'MessageCancelled'
BEGIN
  UPDATE message_costs SET
    work_ms = work_ms + NEW.at - coalesce(claimed_at, NEW.at), claimed_at = NULL,
    ended_at = iif(NEW.type = 'MessageCompleted', NEW.at, ended_at)
  WHERE message_id = NEW.data ->> '$.message_id';
  INSERT INTO cost_days (day, agent_key, running_ms, stopped_ms, volume_gb_ms, finished, work_ms)
  SELECT NEW.at / 86400000, agent_key, 0, 0, 0, 1, work_ms
  FROM message_costs
  WHERE message_id = NEW.data ->> '$.message_id' AND NEW.type = 'MessageCompleted'
  ON CONFLICT (day, agent_key) DO UPDATE SET finished = finished + 1, work_ms = work_ms + excluded.work_ms;
END;
