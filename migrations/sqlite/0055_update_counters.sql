-- How many updates of a bot came to what. Operational: the log says what was done, this says also what was not. Lost: it begins
-- anew. Kinds and reasons are names of our own, so the rows of a bot are few.
CREATE TABLE IF NOT EXISTS update_counters (
  bot_id  TEXT    NOT NULL,
  kind    TEXT    NOT NULL,
  outcome TEXT    NOT NULL,
  n       INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (bot_id, kind, outcome)
);
