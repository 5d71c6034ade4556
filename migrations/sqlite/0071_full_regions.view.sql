-- Regions in which the provider had no room for a machine or a volume, and when it last said so.
CREATE TABLE IF NOT EXISTS full_regions (
  app_name   TEXT    NOT NULL,
  region     TEXT    NOT NULL,
  refused_at INTEGER NOT NULL,
  PRIMARY KEY (app_name, region)
);

CREATE TRIGGER IF NOT EXISTS full_regions_on_capacity_refused AFTER INSERT ON worker_feed
WHEN NEW.type = 'CapacityRefused'
BEGIN
  INSERT INTO full_regions (app_name, region, refused_at)
  SELECT app_name, NEW.data ->> '$.region', NEW.at FROM workers WHERE worker_id = NEW.id AND app_name IS NOT NULL
  ON CONFLICT (app_name, region) DO UPDATE SET refused_at = excluded.refused_at;
END;
