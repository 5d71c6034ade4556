-- What is to be sent to Telegram. One file, because the tables change together:
--   outbox           messages that are not sent yet; their text stays in the log, at position
--   outbox_chats     chats that something waits for: the message whose turn it is, and when
--   outbox_counters  how many messages of a bot were queued, and ended how
CREATE TABLE IF NOT EXISTS outbox (
  reply_id       TEXT PRIMARY KEY,
  stream_version INTEGER NOT NULL,
  bot_id         TEXT    NOT NULL,
  chat_id        TEXT    NOT NULL,
  position       INTEGER NOT NULL,
  format         TEXT    NOT NULL,
  attempts       INTEGER NOT NULL,
  give_up_at     INTEGER NOT NULL
);

CREATE UNIQUE INDEX IF NOT EXISTS outbox_order ON outbox (bot_id, chat_id, position);

CREATE TABLE IF NOT EXISTS outbox_chats (
  bot_id   TEXT    NOT NULL,
  chat_id  TEXT    NOT NULL,
  reply_id TEXT    NOT NULL,
  due_at   INTEGER NOT NULL,
  waiting  INTEGER NOT NULL,
  PRIMARY KEY (bot_id, chat_id)
);

CREATE UNIQUE INDEX IF NOT EXISTS outbox_chats_reply ON outbox_chats (reply_id);

CREATE INDEX IF NOT EXISTS outbox_chats_due ON outbox_chats (due_at);

CREATE TABLE IF NOT EXISTS outbox_counters (
  bot_id  TEXT    NOT NULL,
  outcome TEXT    NOT NULL,
  n       INTEGER NOT NULL,
  PRIMARY KEY (bot_id, outcome)
);

CREATE TRIGGER IF NOT EXISTS outbox_on_queued AFTER INSERT ON outbox_feed
WHEN NEW.type = 'ReplyQueued'
BEGIN
  SELECT RAISE(ABORT, 'rule:chat_is_full') FROM outbox_chats
  WHERE bot_id = NEW.data ->> '$.bot_id' AND chat_id = NEW.data ->> '$.chat_id' AND waiting >= NEW.data ->> '$.chat_waiting_max';
  SELECT RAISE(ABORT, 'rule:lease_is_gone') WHERE NEW.data ->> '$.lease_id' IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM leases WHERE message_id = NEW.data ->> '$.message_id' AND lease_id = NEW.data ->> '$.lease_id'
  );
  INSERT INTO outbox (reply_id, stream_version, bot_id, chat_id, position, format, attempts, give_up_at)
  VALUES (
    NEW.id, NEW.version, NEW.data ->> '$.bot_id', NEW.data ->> '$.chat_id', NEW.position, NEW.data ->> '$.format', 0,
    NEW.data ->> '$.give_up_at'
  );
  INSERT INTO outbox_chats (bot_id, chat_id, reply_id, due_at, waiting)
  VALUES (NEW.data ->> '$.bot_id', NEW.data ->> '$.chat_id', NEW.id, NEW.at, 1)
  ON CONFLICT (bot_id, chat_id) DO UPDATE SET waiting = waiting + 1;
  INSERT INTO outbox_counters (bot_id, outcome, n) VALUES (NEW.data ->> '$.bot_id', 'queued', 1)
  ON CONFLICT (bot_id, outcome) DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER IF NOT EXISTS outbox_on_attempted AFTER INSERT ON outbox_feed
WHEN NEW.type = 'ReplyAttempted' OR NEW.type = 'ReplyPostponed' OR NEW.type = 'ReplyMadePlain'
BEGIN
  UPDATE outbox SET
    stream_version = NEW.version, attempts = coalesce(NEW.data ->> '$.attempt', attempts),
    format = iif(NEW.type = 'ReplyMadePlain', 'plain', format)
  WHERE reply_id = NEW.id;
  UPDATE outbox_chats SET due_at = coalesce(NEW.data ->> '$.retry_at', NEW.at) WHERE reply_id = NEW.id;
END;

-- Whatever became of it, the next message of its chat has its turn.
CREATE TRIGGER IF NOT EXISTS outbox_on_ended AFTER INSERT ON outbox_feed
WHEN NEW.type IN ('ReplySent', 'ReplyGivenUp')
BEGIN
  INSERT INTO outbox_counters (bot_id, outcome, n)
  SELECT bot_id, iif(NEW.type = 'ReplySent', 'sent', NEW.data ->> '$.reason'), 1 FROM outbox WHERE reply_id = NEW.id
  ON CONFLICT (bot_id, outcome) DO UPDATE SET n = n + 1;
  DELETE FROM outbox_chats WHERE reply_id = NEW.id AND waiting = 1;
  UPDATE outbox_chats SET
    reply_id = (
      SELECT o.reply_id FROM outbox o
      WHERE o.bot_id = outbox_chats.bot_id AND o.chat_id = outbox_chats.chat_id AND o.reply_id <> NEW.id
      ORDER BY o.position LIMIT 1
    ),
    due_at = NEW.at, waiting = waiting - 1
  WHERE reply_id = NEW.id;
  DELETE FROM outbox WHERE reply_id = NEW.id;
END;
