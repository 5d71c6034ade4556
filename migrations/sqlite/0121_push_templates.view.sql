-- Push templates. Of no company is '', which no company is called.
CREATE TABLE IF NOT EXISTS push_templates (
  template_id     TEXT PRIMARY KEY,
  stream_version  INTEGER NOT NULL,
  company_id      TEXT    NOT NULL,
  template_key    TEXT    NOT NULL,
  title           TEXT    NOT NULL,
  text            TEXT    NOT NULL,
  periodicity     TEXT    NOT NULL,
  suggested_times TEXT    NOT NULL,
  enabled         INTEGER NOT NULL,
  created_by      TEXT    NOT NULL,
  updated_by      TEXT    NOT NULL,
  created_at      INTEGER NOT NULL,
  updated_at      INTEGER NOT NULL
);

CREATE UNIQUE INDEX IF NOT EXISTS push_templates_key ON push_templates (company_id, template_key);

CREATE INDEX IF NOT EXISTS push_templates_by_change ON push_templates (company_id, updated_at, template_id);

CREATE INDEX IF NOT EXISTS push_templates_enabled_by_change ON push_templates (company_id, updated_at, template_id)
WHERE enabled = 1;

CREATE TRIGGER IF NOT EXISTS push_templates_on_created AFTER INSERT ON pushtemplate_feed
WHEN NEW.type = 'PushTemplateCreated'
BEGIN
  INSERT INTO push_templates (
    template_id, stream_version, company_id, template_key, title, text, periodicity, suggested_times, enabled, created_by,
    updated_by, created_at, updated_at
  )
  VALUES (
    NEW.id, NEW.version, coalesce(NEW.data ->> '$.company_id', ''), NEW.data ->> '$.template_key', NEW.data ->> '$.title',
    NEW.data ->> '$.text', NEW.data ->> '$.periodicity', NEW.data -> '$.suggested_times', NEW.data ->> '$.enabled',
    NEW.data ->> '$.by', NEW.data ->> '$.by', NEW.at, NEW.at
  );
END;

CREATE TRIGGER IF NOT EXISTS push_templates_on_changed AFTER INSERT ON pushtemplate_feed
WHEN NEW.type = 'PushTemplateChanged'
BEGIN
  UPDATE push_templates SET
    title = coalesce(NEW.data ->> '$.title', title), text = coalesce(NEW.data ->> '$.text', text),
    periodicity = coalesce(NEW.data ->> '$.periodicity', periodicity),
    suggested_times = coalesce(NEW.data -> '$.suggested_times', suggested_times),
    enabled = coalesce(NEW.data ->> '$.enabled', enabled), updated_by = NEW.data ->> '$.by', updated_at = NEW.at,
    stream_version = NEW.version
  WHERE template_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS push_templates_on_deleted AFTER INSERT ON pushtemplate_feed
WHEN NEW.type = 'PushTemplateDeleted'
BEGIN
  DELETE FROM push_templates WHERE template_id = NEW.id;
END;
