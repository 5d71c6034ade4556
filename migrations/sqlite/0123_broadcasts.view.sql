-- Broadcasts, and how far each has gone. status: running, done, failed (it went to the end, and some were not reached). agents and users
-- are lists, or NULL for all.
CREATE TABLE IF NOT EXISTS broadcasts (
  broadcast_id   TEXT PRIMARY KEY,
  stream_version INTEGER NOT NULL,
  company_id     TEXT,
  title          TEXT    NOT NULL,
  text           TEXT    NOT NULL,
  requested_by   TEXT    NOT NULL,
  agents         TEXT,
  users          TEXT,
  request_hash   TEXT,
  status         TEXT    NOT NULL,
  total_targets  INTEGER NOT NULL,
  enqueued       INTEGER NOT NULL,
  failed         INTEGER NOT NULL,
  through_user   TEXT    NOT NULL,
  through_agent  TEXT    NOT NULL,
  started_at     INTEGER NOT NULL,
  stepped_at     INTEGER NOT NULL,
  completed_at   INTEGER
);

CREATE INDEX IF NOT EXISTS broadcasts_running ON broadcasts (stepped_at) WHERE status = 'running';

CREATE TRIGGER IF NOT EXISTS broadcasts_on_started AFTER INSERT ON broadcast_feed
WHEN NEW.type = 'BroadcastStarted'
BEGIN
  INSERT INTO broadcasts (
    broadcast_id, stream_version, company_id, title, text, requested_by, agents, users, request_hash, status, total_targets,
    enqueued, failed, through_user, through_agent, started_at, stepped_at
  )
  VALUES (
    NEW.id, NEW.version, NEW.data ->> '$.company_id', NEW.data ->> '$.title', NEW.data ->> '$.text',
    NEW.data ->> '$.requested_by', NEW.data -> '$.agents', NEW.data -> '$.users', NEW.data ->> '$.request_hash', 'running', 0, 0,
    0, '', '', NEW.at, NEW.at
  );
END;

CREATE TRIGGER IF NOT EXISTS broadcasts_on_advanced AFTER INSERT ON broadcast_feed
WHEN NEW.type = 'BroadcastAdvanced'
BEGIN
  UPDATE broadcasts SET
    enqueued = enqueued + (NEW.data ->> '$.enqueued'), failed = failed + json_array_length(NEW.data, '$.failures'),
    total_targets = total_targets + (NEW.data ->> '$.enqueued') + json_array_length(NEW.data, '$.failures'),
    through_user = NEW.data ->> '$.through_user', through_agent = NEW.data ->> '$.through_agent', stepped_at = NEW.at,
    stream_version = NEW.version
  WHERE broadcast_id = NEW.id;
  UPDATE broadcasts SET status = iif(failed > 0, 'failed', 'done'), completed_at = NEW.at
  WHERE broadcast_id = NEW.id AND NEW.data ->> '$.is_last';
END;
