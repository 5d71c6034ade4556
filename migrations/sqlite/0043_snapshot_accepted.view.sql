-- A draining worker has handed in its memory; its row only moves on to the version of the event.
CREATE TRIGGER IF NOT EXISTS workers_on_snapshot_accepted AFTER INSERT ON worker_feed
WHEN NEW.type = 'SnapshotAccepted'
BEGIN
  UPDATE workers SET stream_version = NEW.version WHERE worker_id = NEW.id;
END;
