-- Snapshots of conversations, and who was offered and who fetched them.
-- status: uploading, ready, failed, expired. superseded: not the newest good one of its conversation and workspace, or not
-- one to start from; only such a one may go.
CREATE TABLE IF NOT EXISTS snapshots (
  snapshot_id     TEXT PRIMARY KEY,
  stream_version  INTEGER NOT NULL,
  conversation_id TEXT    NOT NULL,
  agent_key       TEXT    NOT NULL,
  workspace_id    TEXT    NOT NULL,
  worker_id       TEXT    NOT NULL,
  reason          TEXT    NOT NULL,
  status          TEXT    NOT NULL,
  file_id         TEXT    NOT NULL,
  restorable      INTEGER NOT NULL,
  superseded      INTEGER NOT NULL,
  based_on        TEXT,
  sha256          TEXT,
  size_bytes      INTEGER,
  error           TEXT,
  position        INTEGER NOT NULL,
  created_at      INTEGER NOT NULL,
  upload_by       INTEGER NOT NULL,
  completed_at    INTEGER
);

CREATE UNIQUE INDEX IF NOT EXISTS snapshots_file ON snapshots (file_id);

CREATE INDEX IF NOT EXISTS snapshots_conversation ON snapshots (conversation_id, position);

CREATE INDEX IF NOT EXISTS snapshots_newest ON snapshots (conversation_id, workspace_id, status, restorable, position);

CREATE INDEX IF NOT EXISTS snapshots_uploads ON snapshots (status, upload_by);

CREATE INDEX IF NOT EXISTS snapshots_worker ON snapshots (worker_id, status);

CREATE INDEX IF NOT EXISTS snapshots_age ON snapshots (status, superseded, completed_at);

CREATE TABLE IF NOT EXISTS restores (
  worker_id       TEXT    NOT NULL,
  conversation_id TEXT    NOT NULL,
  snapshot_id     TEXT    NOT NULL,
  offered_at      INTEGER NOT NULL,
  fetched_at      INTEGER,
  PRIMARY KEY (worker_id, conversation_id)
);

-- Ended ones beyond the newest 50 of a conversation are left out: the log has them.
CREATE TRIGGER IF NOT EXISTS snapshots_on_started AFTER INSERT ON snapshot_feed
WHEN NEW.type = 'SnapshotStarted'
BEGIN
  DELETE FROM snapshots WHERE snapshot_id IN (
    SELECT snapshot_id FROM snapshots
    WHERE conversation_id = NEW.data ->> '$.conversation_id' AND status IN ('failed', 'expired')
    ORDER BY position DESC LIMIT -1 OFFSET 50
  );
  INSERT INTO snapshots (
    snapshot_id, stream_version, conversation_id, agent_key, workspace_id, worker_id, reason, status, file_id, restorable,
    superseded, based_on, position, created_at, upload_by
  ) VALUES (
    NEW.id, NEW.version, NEW.data ->> '$.conversation_id', NEW.data ->> '$.agent_key', NEW.data ->> '$.workspace_id',
    NEW.data ->> '$.worker_id', NEW.data ->> '$.reason', 'uploading', NEW.data ->> '$.file_id', NEW.data ->> '$.restorable',
    0, NEW.data ->> '$.based_on', NEW.position, NEW.at, NEW.data ->> '$.upload_by'
  );
END;

CREATE TRIGGER IF NOT EXISTS snapshots_on_ready AFTER INSERT ON snapshot_feed
WHEN NEW.type = 'SnapshotReady'
BEGIN
  SELECT RAISE(ABORT, 'rule:snapshot_not_uploading')
  WHERE NOT EXISTS (SELECT 1 FROM snapshots WHERE snapshot_id = NEW.id AND status = 'uploading');
  UPDATE snapshots SET
    status = 'ready', sha256 = NEW.data ->> '$.sha256', size_bytes = NEW.data ->> '$.size_bytes', completed_at = NEW.at,
    stream_version = NEW.version
  WHERE snapshot_id = NEW.id;
  UPDATE snapshots SET superseded = 1
  WHERE snapshot_id IN (
    SELECT older.snapshot_id
    FROM snapshots mine JOIN snapshots older
      ON older.conversation_id = mine.conversation_id AND older.workspace_id = mine.workspace_id AND older.status = 'ready'
    WHERE mine.snapshot_id = NEW.id AND (older.restorable = 0 OR older.position < (
      SELECT max(newest.position) FROM snapshots newest
      WHERE newest.conversation_id = mine.conversation_id AND newest.workspace_id = mine.workspace_id
        AND newest.status = 'ready' AND newest.restorable = 1
    ))
  );
END;

CREATE TRIGGER IF NOT EXISTS snapshots_on_failed AFTER INSERT ON snapshot_feed
WHEN NEW.type = 'SnapshotFailed'
BEGIN
  SELECT RAISE(ABORT, 'rule:snapshot_not_uploading')
  WHERE NOT EXISTS (SELECT 1 FROM snapshots WHERE snapshot_id = NEW.id AND status = 'uploading');
  UPDATE snapshots SET
    status = 'failed', error = NEW.data ->> '$.error', completed_at = NEW.at, stream_version = NEW.version
  WHERE snapshot_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS snapshots_on_expired AFTER INSERT ON snapshot_feed
WHEN NEW.type = 'SnapshotExpired'
BEGIN
  SELECT RAISE(ABORT, 'rule:newest_snapshot_is_kept')
  FROM snapshots WHERE snapshot_id = NEW.id AND status = 'ready' AND superseded = 0;
  UPDATE snapshots SET status = 'expired', completed_at = NEW.at, stream_version = NEW.version WHERE snapshot_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS snapshots_on_offered AFTER INSERT ON snapshot_feed
WHEN NEW.type = 'SnapshotOffered'
BEGIN
  UPDATE snapshots SET stream_version = NEW.version WHERE snapshot_id = NEW.id;
  INSERT INTO restores (worker_id, conversation_id, snapshot_id, offered_at)
  VALUES (NEW.data ->> '$.worker_id', NEW.data ->> '$.conversation_id', NEW.id, NEW.at)
  ON CONFLICT (worker_id, conversation_id) DO UPDATE SET
    snapshot_id = excluded.snapshot_id, offered_at = excluded.offered_at, fetched_at = NULL;
END;

CREATE TRIGGER IF NOT EXISTS snapshots_on_fetched AFTER INSERT ON snapshot_feed
WHEN NEW.type = 'SnapshotFetched'
BEGIN
  UPDATE snapshots SET stream_version = NEW.version WHERE snapshot_id = NEW.id;
  UPDATE restores SET fetched_at = NEW.at
  WHERE worker_id = NEW.data ->> '$.worker_id' AND conversation_id = NEW.data ->> '$.conversation_id' AND snapshot_id = NEW.id;
END;

-- A worker that is gone will not ask again.
CREATE TRIGGER IF NOT EXISTS snapshots_on_worker_stopped AFTER INSERT ON worker_feed
WHEN NEW.type = 'WorkerStopped'
BEGIN
  DELETE FROM restores WHERE worker_id = NEW.id;
END;
