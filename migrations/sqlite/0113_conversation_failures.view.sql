-- How many messages of a conversation ended without an answer: dead letters, and what was withdrawn or put away. A dead letter that is put
-- away was counted when it became one.
CREATE TABLE IF NOT EXISTS conversation_failures (
  conversation_id TEXT PRIMARY KEY,
  n               INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TRIGGER IF NOT EXISTS conversation_failures_on_ended AFTER INSERT ON conversation_feed
WHEN NEW.type = 'MessageDeadLettered' OR NEW.type = 'MessageCancelled'
BEGIN
  INSERT INTO conversation_failures (conversation_id, n) VALUES (NEW.id, 1)
  ON CONFLICT (conversation_id) DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER IF NOT EXISTS conversation_failures_on_replayed AFTER INSERT ON conversation_feed
WHEN NEW.type = 'DeadLetterReplayed'
BEGIN
  UPDATE conversation_failures SET n = n - 1 WHERE conversation_id = NEW.id;
END;
