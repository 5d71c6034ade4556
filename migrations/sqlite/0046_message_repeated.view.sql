-- A message came again under a key that was new; its conversation only moves on to the version of the event.
CREATE TRIGGER IF NOT EXISTS conversations_on_message_repeated AFTER INSERT ON conversation_feed
WHEN NEW.type = 'MessageRepeated'
BEGIN
  UPDATE conversations SET stream_version = NEW.version WHERE conversation_id = NEW.id;
END;
