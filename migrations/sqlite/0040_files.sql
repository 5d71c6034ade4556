-- Stored bytes: operational rows, backed up with the log. A file is made before its bytes come, so each has an owner from
-- its first moment:
--   kind snapshot    its snapshot, while that is uploading or good
--   kind media       the conversation of the message whose worker uploads it, until keep_until
--   kind attachment  the app that uploads it, then the conversation of the message that it is sent with, until keep_until
-- state: expected, arriving (by one attempt), stored (by that attempt), doomed (its bytes are being removed).
-- store: sqlite (file_chunks) or s3 (objects under the id of the file).
CREATE TABLE IF NOT EXISTS files (
  file_id      TEXT PRIMARY KEY,
  kind         TEXT    NOT NULL,
  owner        TEXT    NOT NULL,
  worker_id    TEXT,
  state        TEXT    NOT NULL,
  store        TEXT    NOT NULL,
  attempt      TEXT,
  content_type TEXT    NOT NULL,
  size_max     INTEGER NOT NULL,
  size_bytes   INTEGER,
  sha256       TEXT,
  created_at   INTEGER NOT NULL,
  upload_by    INTEGER NOT NULL,
  keep_until   INTEGER
);

CREATE INDEX IF NOT EXISTS files_keep_until ON files (keep_until);

CREATE INDEX IF NOT EXISTS files_doomed ON files (state, file_id);

CREATE INDEX IF NOT EXISTS files_uploads ON files (state, upload_by);

CREATE INDEX IF NOT EXISTS files_kind ON files (kind, file_id);

CREATE INDEX IF NOT EXISTS files_owner ON files (owner, state);

CREATE TABLE IF NOT EXISTS file_chunks (
  file_id  TEXT    NOT NULL,
  chunk_no INTEGER NOT NULL,
  bytes    BLOB    NOT NULL,
  PRIMARY KEY (file_id, chunk_no)
);

-- How far a look at all rows of something has come; it goes round. Lost: it begins anew.
CREATE TABLE IF NOT EXISTS sweeps (
  name  TEXT PRIMARY KEY,
  after TEXT    NOT NULL,
  at    INTEGER NOT NULL
);
