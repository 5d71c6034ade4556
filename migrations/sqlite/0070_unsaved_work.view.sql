-- Conversations that a worker of ours worked for since it last began a snapshot of them that became good. position: of the log,
-- the last that was heard of its work.
CREATE TABLE IF NOT EXISTS unsaved_work (
  worker_id       TEXT    NOT NULL,
  conversation_id TEXT    NOT NULL,
  position        INTEGER NOT NULL,
  PRIMARY KEY (worker_id, conversation_id)
);

CREATE INDEX IF NOT EXISTS unsaved_work_conversation ON unsaved_work (conversation_id);

-- A worker of somebody's own keeps what it knows as its owner likes.
CREATE TRIGGER IF NOT EXISTS unsaved_work_on_worked AFTER INSERT ON conversation_feed
WHEN NEW.type = 'MessageClaimed' OR NEW.type = 'MessageCompleted' OR NEW.type = 'MessageFailed' OR NEW.type = 'MessageCancelled'
BEGIN
  INSERT INTO unsaved_work (worker_id, conversation_id, position)
  SELECT worker_id, NEW.id, NEW.position FROM workers
  WHERE worker_id = NEW.data ->> '$.worker_id' AND provider <> 'external' AND state <> 'stopped'
  ON CONFLICT (worker_id, conversation_id) DO UPDATE SET position = excluded.position;
END;

-- What was begun before the work ended does not hold the end.
CREATE TRIGGER IF NOT EXISTS unsaved_work_on_snapshot_ready AFTER INSERT ON snapshot_feed
WHEN NEW.type = 'SnapshotReady'
BEGIN
  DELETE FROM unsaved_work
  WHERE (worker_id, conversation_id) IN (SELECT worker_id, conversation_id FROM snapshots WHERE snapshot_id = NEW.id)
    AND position < (SELECT position FROM snapshots WHERE snapshot_id = NEW.id);
END;

CREATE TRIGGER IF NOT EXISTS unsaved_work_on_given_up AFTER INSERT ON worker_feed
WHEN NEW.type IN ('DrainAbandoned', 'WorkerStopped')
BEGIN
  DELETE FROM unsaved_work WHERE worker_id = NEW.id;
END;
