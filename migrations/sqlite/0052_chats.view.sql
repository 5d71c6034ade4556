-- Chats that speak to an agent without a binding: groups, and strangers where an agent takes them. Each is a conversation of its
-- own, and never that of a binding.
CREATE TABLE IF NOT EXISTS chats (
  chat_key        TEXT PRIMARY KEY,
  stream_version  INTEGER NOT NULL,
  bot_id          TEXT    NOT NULL,
  chat_id         TEXT    NOT NULL,
  agent_key       TEXT    NOT NULL,
  conversation_id TEXT    NOT NULL
);

CREATE UNIQUE INDEX IF NOT EXISTS chats_place ON chats (bot_id, chat_id, agent_key);

CREATE UNIQUE INDEX IF NOT EXISTS chats_conversation ON chats (conversation_id);

CREATE TRIGGER IF NOT EXISTS chats_on_opened AFTER INSERT ON chat_feed
WHEN NEW.type = 'ChatOpened'
BEGIN
  INSERT INTO chats (chat_key, stream_version, bot_id, chat_id, agent_key, conversation_id)
  VALUES (
    NEW.id, NEW.version, NEW.data ->> '$.bot_id', NEW.data ->> '$.chat_id', NEW.data ->> '$.agent_key',
    NEW.data ->> '$.conversation_id'
  );
END;

-- A group that became a supergroup has another id from then on.
CREATE TRIGGER IF NOT EXISTS chats_on_moved AFTER INSERT ON chat_feed
WHEN NEW.type = 'ChatMoved'
BEGIN
  UPDATE chats SET chat_id = NEW.data ->> '$.chat_id', stream_version = NEW.version WHERE chat_key = NEW.id;
END;
