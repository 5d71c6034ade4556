-- Message templates. Of no company is '', which no company is called. Texts stand apart, because each use of a template
-- writes its row anew.
CREATE TABLE IF NOT EXISTS templates (
  template_id    TEXT PRIMARY KEY,
  stream_version INTEGER NOT NULL,
  company_id     TEXT    NOT NULL,
  template_key   TEXT    NOT NULL,
  title          TEXT    NOT NULL,
  tags           TEXT    NOT NULL,
  enabled        INTEGER NOT NULL,
  usage_count    INTEGER NOT NULL,
  created_by     TEXT    NOT NULL,
  updated_by     TEXT    NOT NULL,
  created_at     INTEGER NOT NULL,
  updated_at     INTEGER NOT NULL
);

CREATE UNIQUE INDEX IF NOT EXISTS templates_key ON templates (company_id, template_key);

CREATE INDEX IF NOT EXISTS templates_by_use ON templates (company_id, usage_count, updated_at, template_id);

CREATE INDEX IF NOT EXISTS templates_enabled_by_use ON templates (company_id, usage_count, updated_at, template_id)
WHERE enabled = 1;

CREATE TABLE IF NOT EXISTS template_texts (
  template_id TEXT PRIMARY KEY,
  text        TEXT NOT NULL
);

CREATE TRIGGER IF NOT EXISTS templates_on_created AFTER INSERT ON template_feed
WHEN NEW.type = 'TemplateCreated'
BEGIN
  INSERT INTO templates (
    template_id, stream_version, company_id, template_key, title, tags, enabled, usage_count, created_by, updated_by, created_at,
    updated_at
  )
  VALUES (
    NEW.id, NEW.version, coalesce(NEW.data ->> '$.company_id', ''), NEW.data ->> '$.template_key', NEW.data ->> '$.title',
    NEW.data -> '$.tags', NEW.data ->> '$.enabled', 0, NEW.data ->> '$.by', NEW.data ->> '$.by', NEW.at, NEW.at
  );
  INSERT INTO template_texts (template_id, text) VALUES (NEW.id, NEW.data ->> '$.text');
END;

CREATE TRIGGER IF NOT EXISTS templates_on_changed AFTER INSERT ON template_feed
WHEN NEW.type = 'TemplateChanged'
BEGIN
  UPDATE templates SET
    template_key = coalesce(NEW.data ->> '$.template_key', template_key), title = coalesce(NEW.data ->> '$.title', title),
    tags = coalesce(NEW.data -> '$.tags', tags), enabled = coalesce(NEW.data ->> '$.enabled', enabled),
    updated_by = NEW.data ->> '$.by', updated_at = NEW.at, stream_version = NEW.version
  WHERE template_id = NEW.id;
  UPDATE template_texts SET text = NEW.data ->> '$.text'
  WHERE template_id = NEW.id AND NEW.data ->> '$.text' IS NOT NULL;
END;

CREATE TRIGGER IF NOT EXISTS templates_on_deleted AFTER INSERT ON template_feed
WHEN NEW.type = 'TemplateDeleted'
BEGIN
  DELETE FROM templates WHERE template_id = NEW.id;
  DELETE FROM template_texts WHERE template_id = NEW.id;
END;

-- Used is what was accepted, and that comes once, however often it is sent.
CREATE TRIGGER IF NOT EXISTS templates_on_message AFTER INSERT ON conversation_feed
WHEN NEW.type = 'MessageEnqueued' AND NEW.data ->> '$.template_id' IS NOT NULL
BEGIN
  UPDATE templates SET usage_count = usage_count + 1 WHERE template_id = NEW.data ->> '$.template_id';
END;
