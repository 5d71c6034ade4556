-- Operational rows of identity: not history, and not made by replay.

-- What is counted for a while: requests of a key or a bot, guesses of pairing codes in a chat, failed authentications. Safe to
-- lose: counting begins anew.
CREATE TABLE IF NOT EXISTS counts (
  name    TEXT PRIMARY KEY,
  ends_at INTEGER NOT NULL,
  count   INTEGER NOT NULL
);

CREATE INDEX IF NOT EXISTS counts_end ON counts (ends_at);

-- When an API key was last used, to the minute. Safe to lose.
CREATE TABLE IF NOT EXISTS api_key_uses (
  key_id       TEXT PRIMARY KEY,
  last_used_at INTEGER NOT NULL
);

-- A known text under every master key that ever sealed, so that a wrong key is found out at the start. Lost: made anew from the
-- keys that open what is sealed.
CREATE TABLE IF NOT EXISTS vault_canaries (
  key_id     TEXT PRIMARY KEY,
  nonce      BLOB NOT NULL,
  ciphertext BLOB NOT NULL
);

-- What is sealed with which key: for sealing it again with another.
CREATE INDEX IF NOT EXISTS sealed_secrets_key ON sealed_secrets (key_id, sealed_id);
