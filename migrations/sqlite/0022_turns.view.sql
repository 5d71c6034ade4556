-- What was said in a conversation, in order.
CREATE TABLE IF NOT EXISTS turns (
  conversation_id TEXT    NOT NULL,
  turn_no         INTEGER NOT NULL,
  role            TEXT    NOT NULL,
  content         TEXT    NOT NULL,
  at              INTEGER NOT NULL,
  message_id      TEXT,
  PRIMARY KEY (conversation_id, turn_no)
);

CREATE TRIGGER IF NOT EXISTS turns_on_appended AFTER INSERT ON conversation_feed
WHEN NEW.type = 'TurnsAppended'
BEGIN
  INSERT INTO turns (conversation_id, turn_no, role, content, at, message_id)
  SELECT NEW.id, t.value ->> '$.turn_no', t.value ->> '$.role', t.value ->> '$.content', t.value ->> '$.at', NEW.data ->> '$.message_id'
  FROM json_each(NEW.data, '$.turns') t;
END;
