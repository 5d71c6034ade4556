-- Global skills: what workers are given when they start. The content of a version stands in its row; small columns come first, so
-- that reading them does not read the content.
CREATE TABLE IF NOT EXISTS skill_streams (
  slug           TEXT PRIMARY KEY,
  stream_version INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS skills (
  slug         TEXT PRIMARY KEY,
  status       TEXT    NOT NULL,
  display_name TEXT    NOT NULL,
  description  TEXT,
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS skills_by_status ON skills (status, slug);

CREATE TABLE IF NOT EXISTS skill_versions (
  slug          TEXT    NOT NULL,
  version       TEXT    NOT NULL,
  position      INTEGER NOT NULL,
  module_format TEXT    NOT NULL,
  entry_point   TEXT    NOT NULL,
  sha256        TEXT    NOT NULL,
  digest        TEXT    NOT NULL,
  signature     TEXT,
  size_bytes    INTEGER NOT NULL,
  added_at      INTEGER NOT NULL,
  files         TEXT    NOT NULL
);

CREATE UNIQUE INDEX IF NOT EXISTS skill_versions_version ON skill_versions (slug, version);

CREATE INDEX IF NOT EXISTS skill_versions_position ON skill_versions (slug, position);

-- What each channel points at.
CREATE TABLE IF NOT EXISTS skill_releases (
  slug         TEXT    NOT NULL,
  channel      TEXT    NOT NULL,
  version      TEXT    NOT NULL,
  release_id   TEXT    NOT NULL,
  size_bytes   INTEGER NOT NULL,
  activated_at INTEGER NOT NULL,
  PRIMARY KEY (slug, channel)
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS skill_releases_channel ON skill_releases (channel, slug, size_bytes);

-- The version of the stream outlives the skill: the next one of that name goes on in it.
CREATE TRIGGER IF NOT EXISTS skill_streams_on_event AFTER INSERT ON skill_feed
BEGIN
  INSERT INTO skill_streams (slug, stream_version) VALUES (NEW.id, NEW.version)
  ON CONFLICT (slug) DO UPDATE SET stream_version = excluded.stream_version;
END;

CREATE TRIGGER IF NOT EXISTS skills_on_created AFTER INSERT ON skill_feed
WHEN NEW.type = 'SkillCreated'
BEGIN
  INSERT INTO skills (slug, status, display_name, description, created_at, updated_at)
  VALUES (NEW.id, 'active', NEW.data ->> '$.display_name', NEW.data ->> '$.description', NEW.at, NEW.at);
END;

CREATE TRIGGER IF NOT EXISTS skills_on_described AFTER INSERT ON skill_feed
WHEN NEW.type = 'SkillDescribed'
BEGIN
  UPDATE skills SET
    display_name = NEW.data ->> '$.display_name', description = NEW.data ->> '$.description', updated_at = NEW.at
  WHERE slug = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS skills_on_version_added AFTER INSERT ON skill_feed
WHEN NEW.type = 'SkillVersionAdded'
BEGIN
  INSERT INTO skill_versions (
    slug, version, position, module_format, entry_point, sha256, digest, signature, size_bytes, added_at, files
  )
  VALUES (
    NEW.id, NEW.data ->> '$.version', NEW.position, NEW.data ->> '$.module_format', NEW.data ->> '$.entry_point',
    NEW.data ->> '$.sha256', NEW.data ->> '$.digest', NEW.data ->> '$.signature', NEW.data ->> '$.size_bytes', NEW.at,
    NEW.data ->> '$.files'
  );
  UPDATE skills SET updated_at = NEW.at WHERE slug = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS skills_on_version_signed AFTER INSERT ON skill_feed
WHEN NEW.type = 'SkillVersionSigned'
BEGIN
  UPDATE skill_versions SET signature = NEW.data ->> '$.signature'
  WHERE slug = NEW.id AND version = NEW.data ->> '$.version';
  UPDATE skills SET updated_at = NEW.at WHERE slug = NEW.id;
END;

-- A worker is given all skills of a channel at once. How many that may be stands in the event; only here all of them are seen.
CREATE TRIGGER IF NOT EXISTS skills_on_activated AFTER INSERT ON skill_feed
WHEN NEW.type = 'SkillActivated'
BEGIN
  INSERT INTO skill_releases (slug, channel, version, release_id, size_bytes, activated_at)
  VALUES (
    NEW.id, NEW.data ->> '$.channel', NEW.data ->> '$.version', NEW.data ->> '$.release_id',
    (SELECT size_bytes FROM skill_versions WHERE slug = NEW.id AND version = NEW.data ->> '$.version'), NEW.at
  )
  ON CONFLICT (slug, channel) DO UPDATE SET
    version = excluded.version, release_id = excluded.release_id, size_bytes = excluded.size_bytes,
    activated_at = excluded.activated_at;
  SELECT RAISE(ABORT, 'rule:skill_channel_is_full')
  WHERE (SELECT count(*) FROM skill_releases r WHERE r.channel = NEW.data ->> '$.channel') > NEW.data ->> '$.count_max'
  OR (SELECT sum(r.size_bytes) FROM skill_releases r WHERE r.channel = NEW.data ->> '$.channel') > NEW.data ->> '$.bytes_max';
  UPDATE skills SET updated_at = NEW.at WHERE slug = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS skills_on_switched AFTER INSERT ON skill_feed
WHEN NEW.type IN ('SkillEnabled', 'SkillDisabled')
BEGIN
  UPDATE skills SET status = iif(NEW.type = 'SkillEnabled', 'active', 'disabled'), updated_at = NEW.at WHERE slug = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS skills_on_deleted AFTER INSERT ON skill_feed
WHEN NEW.type = 'SkillDeleted'
BEGIN
  DELETE FROM skill_releases WHERE slug = NEW.id;
  DELETE FROM skill_versions WHERE slug = NEW.id;
  DELETE FROM skills WHERE slug = NEW.id;
END;
