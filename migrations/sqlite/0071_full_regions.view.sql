-- Regions in which the provider had no room for a machine or a volume: when it last said so, and how often since it had any.
CREATE TABLE IF NOT EXISTS full_regions (
  app_name   TEXT    NOT NULL,
  region     TEXT    NOT NULL,
  refusals   INTEGER NOT NULL,
  refused_at INTEGER NOT NULL,
  PRIMARY KEY (app_name, region)
);

CREATE TRIGGER IF NOT EXISTS full_regions_on_capacity_refused AFTER INSERT ON worker_feed
WHEN NEW.type = 'CapacityRefused'
BEGIN
  INSERT INTO full_regions (app_name, region, refusals, refused_at)
  SELECT app_name, NEW.data ->> '$.region', 1, NEW.at FROM workers WHERE worker_id = NEW.id AND app_name IS NOT NULL
  ON CONFLICT (app_name, region) DO UPDATE SET refusals = refusals + 1, refused_at = excluded.refused_at;
END;

CREATE TRIGGER IF NOT EXISTS full_regions_on_machine_created AFTER INSERT ON worker_feed
WHEN NEW.type = 'MachineCreated'
BEGIN
  DELETE FROM full_regions
  WHERE (app_name, region) IN (SELECT app_name, region FROM workers WHERE worker_id = NEW.id);
END;
