-- Push jobs, and what their runs came to. A run is pending from when somebody asks for it until it has come to something; one that was due
-- is here only when it has. Of no company is '', which no company is called.
CREATE TABLE IF NOT EXISTS push_jobs (
  job_id           TEXT PRIMARY KEY,
  stream_version   INTEGER NOT NULL,
  company_id       TEXT    NOT NULL,
  consumer_user_id TEXT    NOT NULL,
  agent_key        TEXT,
  follows_user     INTEGER NOT NULL,
  template_id      TEXT,
  title            TEXT    NOT NULL,
  text             TEXT    NOT NULL,
  timezone         TEXT    NOT NULL,
  schedule         TEXT    NOT NULL,
  enabled          INTEGER NOT NULL,
  next_run_at      INTEGER,
  last_run_at      INTEGER,
  last_run_key     TEXT,
  dispatches       INTEGER NOT NULL,
  created_at       INTEGER NOT NULL,
  updated_at       INTEGER NOT NULL
);

CREATE INDEX IF NOT EXISTS push_jobs_due ON push_jobs (next_run_at) WHERE next_run_at IS NOT NULL;

CREATE INDEX IF NOT EXISTS push_jobs_of_user ON push_jobs (consumer_user_id, updated_at, job_id);

CREATE INDEX IF NOT EXISTS push_jobs_of_user_agent ON push_jobs (consumer_user_id, agent_key, updated_at, job_id);

CREATE TABLE IF NOT EXISTS push_dispatches (
  run_key          TEXT PRIMARY KEY,
  job_id           TEXT    NOT NULL,
  position         INTEGER NOT NULL,
  company_id       TEXT    NOT NULL,
  consumer_user_id TEXT    NOT NULL,
  agent_key        TEXT,
  mode             TEXT    NOT NULL,
  status           TEXT    NOT NULL,
  scheduled_for    INTEGER NOT NULL,
  message_id       TEXT,
  error            TEXT,
  missed           INTEGER NOT NULL,
  created_at       INTEGER NOT NULL
);

CREATE INDEX IF NOT EXISTS push_dispatches_of_job ON push_dispatches (job_id, position);

CREATE INDEX IF NOT EXISTS push_dispatches_of_user_agent ON push_dispatches (consumer_user_id, agent_key, position);

CREATE INDEX IF NOT EXISTS push_dispatches_pending ON push_dispatches (scheduled_for) WHERE status = 'pending';

CREATE TRIGGER IF NOT EXISTS push_jobs_on_created AFTER INSERT ON pushjob_feed
WHEN NEW.type = 'PushJobCreated'
BEGIN
  SELECT RAISE(ABORT, 'rule:user_has_enough_push_jobs')
  WHERE (SELECT count(*) FROM push_jobs WHERE consumer_user_id = NEW.data ->> '$.consumer_user_id') >= NEW.data ->> '$.jobs_max';
  INSERT INTO push_jobs (
    job_id, stream_version, company_id, consumer_user_id, agent_key, follows_user, template_id, title, text, timezone, schedule,
    enabled, next_run_at, dispatches, created_at, updated_at
  )
  VALUES (
    NEW.id, NEW.version, coalesce(NEW.data ->> '$.company_id', ''), NEW.data ->> '$.consumer_user_id', NEW.data ->> '$.agent_key',
    NEW.data ->> '$.follows_user', NEW.data ->> '$.template_id', NEW.data ->> '$.title', NEW.data ->> '$.text',
    NEW.data ->> '$.timezone', NEW.data -> '$.schedule', NEW.data ->> '$.enabled', NEW.data ->> '$.next_run_at', 0, NEW.at, NEW.at
  );
END;

CREATE TRIGGER IF NOT EXISTS push_jobs_on_changed AFTER INSERT ON pushjob_feed
WHEN NEW.type = 'PushJobChanged'
BEGIN
  UPDATE push_jobs SET
    title = coalesce(NEW.data ->> '$.title', title), text = coalesce(NEW.data ->> '$.text', text),
    timezone = coalesce(NEW.data ->> '$.timezone', timezone), schedule = coalesce(NEW.data -> '$.schedule', schedule),
    enabled = coalesce(NEW.data ->> '$.enabled', enabled), next_run_at = NEW.data ->> '$.next_run_at', updated_at = NEW.at,
    stream_version = NEW.version
  WHERE job_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS push_jobs_on_triggered AFTER INSERT ON pushjob_feed
WHEN NEW.type = 'PushJobTriggered'
BEGIN
  UPDATE push_jobs SET stream_version = NEW.version WHERE job_id = NEW.id;
  INSERT INTO push_dispatches (
    run_key, job_id, position, company_id, consumer_user_id, agent_key, mode, status, scheduled_for, missed, created_at
  )
  SELECT
    NEW.data ->> '$.run_key', NEW.id, NEW.position, company_id, consumer_user_id, agent_key, 'manual', 'pending', NEW.at, 0, NEW.at
  FROM push_jobs WHERE job_id = NEW.id;
END;

-- Beyond the newest 200 of a job, runs are left out: the log has them.
CREATE TRIGGER IF NOT EXISTS push_jobs_on_dispatched AFTER INSERT ON pushjob_feed
WHEN NEW.type = 'PushJobDispatched'
BEGIN
  SELECT RAISE(ABORT, 'rule:push_run_is_recorded')
  FROM push_dispatches WHERE run_key = NEW.data ->> '$.run_key' AND status <> 'pending';
  UPDATE push_jobs SET
    agent_key = coalesce(NEW.data ->> '$.agent_key', agent_key), next_run_at = NEW.data ->> '$.next_run_at', last_run_at = NEW.at,
    last_run_key = NEW.data ->> '$.run_key', dispatches = dispatches + 1, stream_version = NEW.version
  WHERE job_id = NEW.id;
  INSERT INTO push_dispatches (
    run_key, job_id, position, company_id, consumer_user_id, agent_key, mode, status, scheduled_for, message_id, error, missed,
    created_at
  )
  SELECT
    NEW.data ->> '$.run_key', NEW.id, NEW.position, company_id, consumer_user_id, agent_key, NEW.data ->> '$.mode',
    iif(NEW.data ->> '$.message_id' IS NULL, 'failed', 'enqueued'), NEW.data ->> '$.scheduled_for', NEW.data ->> '$.message_id',
    NEW.data ->> '$.error', NEW.data ->> '$.missed', NEW.at
  FROM push_jobs WHERE job_id = NEW.id
  ON CONFLICT (run_key) DO UPDATE SET
    position = excluded.position, agent_key = excluded.agent_key, status = excluded.status, message_id = excluded.message_id,
    error = excluded.error, created_at = excluded.created_at;
  DELETE FROM push_dispatches
  WHERE job_id = NEW.id AND status <> 'pending' AND position <= (
    SELECT position FROM push_dispatches WHERE job_id = NEW.id ORDER BY position DESC LIMIT 1 OFFSET 200
  );
END;

CREATE TRIGGER IF NOT EXISTS push_jobs_on_deleted AFTER INSERT ON pushjob_feed
WHEN NEW.type = 'PushJobDeleted'
BEGIN
  DELETE FROM push_jobs WHERE job_id = NEW.id;
  DELETE FROM push_dispatches WHERE job_id = NEW.id;
END;
