-- Whoever is drained for having nothing to do may have been given something since that was seen.
CREATE TRIGGER IF NOT EXISTS drain_guard_on_drain_requested AFTER INSERT ON worker_feed
WHEN NEW.type = 'DrainRequested' AND NEW.data ->> '$.reason' IN ('idle', 'preempted')
BEGIN
  SELECT RAISE(ABORT, 'rule:worker_is_busy') FROM leases WHERE worker_id = NEW.id;
END;
