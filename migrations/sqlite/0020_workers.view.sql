-- Workers and what was made for them at the provider.
-- state: requested (its machine is on the way), active (it has called), draining, stopping, stopped.
CREATE TABLE IF NOT EXISTS workers (
  worker_id           TEXT PRIMARY KEY,
  stream_version      INTEGER NOT NULL,
  name                TEXT,
  provider            TEXT    NOT NULL,
  state               TEXT    NOT NULL,
  token_hash          TEXT    NOT NULL,
  app_name            TEXT,
  region              TEXT,
  volume_id           TEXT,
  machine_id          TEXT,
  machine_created_at  INTEGER,
  wanted_for          TEXT,
  conversations_max   INTEGER NOT NULL,
  conversation_id     TEXT,
  requested_at        INTEGER NOT NULL,
  seen_at             INTEGER,
  last_claim_at       INTEGER,
  last_ended_at       INTEGER,
  drain_reason        TEXT,
  drain_deadline_at   INTEGER,
  capacity_refused_at INTEGER,
  restarted_at        INTEGER,
  abandoned_at        INTEGER,
  volume_snapshot_at  INTEGER,
  volume_keep_until   INTEGER,
  teardown_at         INTEGER,
  machine_gone_at     INTEGER,
  volume_gone_at      INTEGER,
  stopped_at          INTEGER
);

CREATE UNIQUE INDEX IF NOT EXISTS workers_token ON workers (token_hash);

CREATE INDEX IF NOT EXISTS workers_state ON workers (state, requested_at);

-- One worker for a conversation: whoever decided on older facts is refused.
CREATE UNIQUE INDEX IF NOT EXISTS workers_wanted_for ON workers (wanted_for) WHERE state IN ('requested', 'active');

CREATE TRIGGER IF NOT EXISTS workers_on_requested AFTER INSERT ON worker_feed
WHEN NEW.type = 'WorkerRequested'
BEGIN
  SELECT RAISE(ABORT, 'rule:conversation_has_a_worker') FROM workers
  WHERE wanted_for = NEW.data ->> '$.wanted_for' AND state IN ('requested', 'active');
  INSERT INTO workers (
    worker_id, stream_version, name, provider, state, token_hash, app_name, region, wanted_for, conversations_max,
    requested_at
  ) VALUES (
    NEW.id, NEW.version, NEW.data ->> '$.name', NEW.data ->> '$.provider', 'requested', NEW.data ->> '$.token_hash',
    NEW.data ->> '$.app_name', NEW.data ->> '$.region', NEW.data ->> '$.wanted_for',
    coalesce(NEW.data ->> '$.conversations_max', 1), NEW.at
  );
END;

CREATE TRIGGER IF NOT EXISTS workers_on_assignment_changed AFTER INSERT ON worker_feed
WHEN NEW.type = 'AssignmentChanged'
BEGIN
  SELECT RAISE(ABORT, 'rule:conversation_has_a_worker') FROM workers
  WHERE wanted_for = NEW.data ->> '$.conversation_id' AND state IN ('requested', 'active') AND worker_id <> NEW.id;
  UPDATE workers SET wanted_for = NEW.data ->> '$.conversation_id', stream_version = NEW.version WHERE worker_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS workers_on_volume_created AFTER INSERT ON worker_feed
WHEN NEW.type = 'VolumeCreated'
BEGIN
  UPDATE workers SET volume_id = NEW.data ->> '$.volume_id', region = NEW.data ->> '$.region', stream_version = NEW.version
  WHERE worker_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS workers_on_machine_created AFTER INSERT ON worker_feed
WHEN NEW.type = 'MachineCreated'
BEGIN
  UPDATE workers SET machine_id = NEW.data ->> '$.machine_id', machine_created_at = NEW.at, stream_version = NEW.version
  WHERE worker_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS workers_on_seen AFTER INSERT ON worker_feed
WHEN NEW.type = 'WorkerSeen'
BEGIN
  UPDATE workers SET state = iif(state = 'requested', 'active', state), seen_at = NEW.at, stream_version = NEW.version
  WHERE worker_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS workers_on_drain_requested AFTER INSERT ON worker_feed
WHEN NEW.type = 'DrainRequested'
BEGIN
  UPDATE workers SET
    state = 'draining', drain_reason = NEW.data ->> '$.reason', drain_deadline_at = NEW.data ->> '$.deadline_at',
    stream_version = NEW.version
  WHERE worker_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS workers_on_trouble AFTER INSERT ON worker_feed
WHEN NEW.type = 'CapacityRefused' OR NEW.type = 'RestartRequested' OR NEW.type = 'MachineRestarted'
  OR NEW.type = 'VolumeSnapshotTaken'
BEGIN
  UPDATE workers SET
    capacity_refused_at = iif(NEW.type = 'CapacityRefused', NEW.at, capacity_refused_at),
    restarted_at = iif(NEW.type = 'MachineRestarted', NEW.at, restarted_at),
    volume_snapshot_at = iif(NEW.type = 'VolumeSnapshotTaken', NEW.at, volume_snapshot_at),
    stream_version = NEW.version
  WHERE worker_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS workers_on_drain_abandoned AFTER INSERT ON worker_feed
WHEN NEW.type = 'DrainAbandoned'
BEGIN
  UPDATE workers SET
    abandoned_at = NEW.at, volume_keep_until = NEW.data ->> '$.keep_until', stream_version = NEW.version
  WHERE worker_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS workers_on_teardown_started AFTER INSERT ON worker_feed
WHEN NEW.type = 'TeardownStarted'
BEGIN
  UPDATE workers SET state = 'stopping', teardown_at = NEW.at, stream_version = NEW.version WHERE worker_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS workers_on_machine_gone AFTER INSERT ON worker_feed
WHEN NEW.type = 'MachineGone'
BEGIN
  UPDATE workers SET machine_gone_at = NEW.at, stream_version = NEW.version WHERE worker_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS workers_on_volume_gone AFTER INSERT ON worker_feed
WHEN NEW.type = 'VolumeGone'
BEGIN
  UPDATE workers SET volume_gone_at = NEW.at, stream_version = NEW.version WHERE worker_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS workers_on_stopped AFTER INSERT ON worker_feed
WHEN NEW.type = 'WorkerStopped'
BEGIN
  UPDATE workers SET state = 'stopped', stopped_at = NEW.at, conversation_id = NULL, stream_version = NEW.version
  WHERE worker_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS workers_on_claimed AFTER INSERT ON conversation_feed
WHEN NEW.type = 'MessageClaimed'
BEGIN
  SELECT RAISE(ABORT, 'rule:worker_not_claimable') WHERE NOT EXISTS (
    SELECT 1 FROM workers WHERE worker_id = NEW.data ->> '$.worker_id' AND state IN ('requested', 'active')
  );
  UPDATE workers SET conversation_id = NEW.id, last_claim_at = NEW.at WHERE worker_id = NEW.data ->> '$.worker_id';
END;

CREATE TRIGGER IF NOT EXISTS workers_on_job_ended AFTER INSERT ON conversation_feed
WHEN NEW.type = 'MessageCompleted' OR NEW.type = 'MessageFailed' OR NEW.type = 'MessageCancelled'
BEGIN
  UPDATE workers SET last_ended_at = NEW.at WHERE worker_id = NEW.data ->> '$.worker_id';
END;
