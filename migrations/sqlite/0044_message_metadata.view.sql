-- What workers attached to messages after these were accepted; what came last wins.
CREATE TABLE IF NOT EXISTS message_metadata (
  message_id TEXT PRIMARY KEY,
  metadata   TEXT NOT NULL
);

CREATE TRIGGER IF NOT EXISTS message_metadata_on_attached AFTER INSERT ON conversation_feed
WHEN NEW.type = 'MetadataAttached'
BEGIN
  UPDATE conversations SET stream_version = NEW.version WHERE conversation_id = NEW.id;
  INSERT INTO message_metadata (message_id, metadata) VALUES (NEW.data ->> '$.message_id', NEW.data -> '$.metadata')
  ON CONFLICT (message_id) DO UPDATE SET metadata = json_patch(metadata, excluded.metadata);
END;
