-- Operational rows: not history, not views. Each is safe to lose, except sealed_secrets, which is backed up with the log.

-- The last authenticated contact of a worker. Lost: workers count as silent until their next call.
CREATE TABLE IF NOT EXISTS worker_contacts (
  worker_id    TEXT PRIMARY KEY,
  last_seen_at INTEGER NOT NULL
) WITHOUT ROWID;

-- How far a heartbeat has moved the end of a lease. Lost: the lease ends when its claim said.
CREATE TABLE IF NOT EXISTS lease_renewals (
  lease_id   TEXT PRIMARY KEY,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Secret values, sealed. The log says which one is in force and never holds a value.
CREATE TABLE IF NOT EXISTS sealed_secrets (
  sealed_id  TEXT PRIMARY KEY,
  secret_ref TEXT    NOT NULL,
  version    INTEGER NOT NULL,
  key_id     TEXT    NOT NULL,
  nonce      BLOB    NOT NULL,
  ciphertext BLOB    NOT NULL
);

CREATE INDEX IF NOT EXISTS sealed_secrets_ref ON sealed_secrets (secret_ref);

-- When each kind of periodic work last ran, and how it ended.
CREATE TABLE IF NOT EXISTS ticks (
  work       TEXT PRIMARY KEY,
  ran_at     INTEGER NOT NULL,
  done       INTEGER NOT NULL,
  last_error TEXT
);
