-- What the ledger itself needs before anything else: which migrations are applied, and who may apply them.
CREATE TABLE IF NOT EXISTS schema_migrations (
  version    INTEGER PRIMARY KEY,
  name       TEXT    NOT NULL,
  applied_at INTEGER NOT NULL
);

-- Fenced locks: fence grows with every new holder, so a holder that lost its lock can be told apart.
CREATE TABLE IF NOT EXISTS ledger_locks (
  name       TEXT PRIMARY KEY,
  holder     TEXT    NOT NULL,
  fence      INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
);
