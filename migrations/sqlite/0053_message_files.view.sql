-- Files that are fetched from Telegram for messages, and albums, whose parts become one message. One file, because an album
-- brings files:
--   message_files  one row for each file, until its message has ended; due_at is set while it is to be fetched
--   albums         one row for each album that can still be added to or that was, until its message has ended
CREATE TABLE IF NOT EXISTS message_files (
  message_id      TEXT    NOT NULL,
  number          INTEGER NOT NULL,
  conversation_id TEXT    NOT NULL,
  attachment      TEXT    NOT NULL,
  file_id         TEXT,
  size_bytes      INTEGER,
  error           TEXT,
  attempts        INTEGER NOT NULL,
  due_at          INTEGER,
  give_up_at      INTEGER NOT NULL,
  PRIMARY KEY (message_id, number)
);

CREATE INDEX IF NOT EXISTS message_files_due ON message_files (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS albums (
  conversation_id TEXT    NOT NULL,
  album_id        TEXT    NOT NULL,
  message_id      TEXT    NOT NULL,
  closes_at       INTEGER NOT NULL,
  files           INTEGER NOT NULL,
  added_text      TEXT,
  PRIMARY KEY (conversation_id, album_id)
);

CREATE UNIQUE INDEX IF NOT EXISTS albums_message ON albums (message_id);

CREATE TRIGGER IF NOT EXISTS message_files_on_enqueued AFTER INSERT ON conversation_feed
WHEN NEW.type = 'MessageEnqueued' AND (NEW.data ->> '$.attachments' IS NOT NULL OR NEW.data ->> '$.album' IS NOT NULL)
BEGIN
  INSERT INTO message_files (message_id, number, conversation_id, attachment, attempts, due_at, give_up_at)
  SELECT
    NEW.data ->> '$.message_id', a.key, NEW.id, a.value, 0, iif(a.value ->> '$.error' IS NULL, NEW.at, NULL),
    a.value ->> '$.fetch.until'
  FROM json_each(NEW.data, '$.attachments') a WHERE a.value ->> '$.fetch.until' IS NOT NULL;
  INSERT INTO albums (conversation_id, album_id, message_id, closes_at, files)
  SELECT
    NEW.id, NEW.data ->> '$.album.album_id', NEW.data ->> '$.message_id', NEW.data ->> '$.album.closes_at',
    coalesce(json_array_length(NEW.data, '$.attachments'), 0)
  WHERE NEW.data ->> '$.album.album_id' IS NOT NULL
  ON CONFLICT (conversation_id, album_id) DO UPDATE SET
    message_id = excluded.message_id, closes_at = excluded.closes_at, files = excluded.files, added_text = NULL;
END;

CREATE TRIGGER IF NOT EXISTS message_files_on_extended AFTER INSERT ON conversation_feed
WHEN NEW.type = 'AlbumExtended'
BEGIN
  SELECT RAISE(ABORT, 'rule:album_is_closed') WHERE NOT EXISTS (
    SELECT 1 FROM messages WHERE message_id = NEW.data ->> '$.message_id' AND status = 'queued' AND deliveries = 0
  );
  UPDATE conversations SET stream_version = NEW.version WHERE conversation_id = NEW.id;
  INSERT INTO message_files (message_id, number, conversation_id, attachment, attempts, due_at, give_up_at)
  SELECT
    NEW.data ->> '$.message_id', b.files + a.key, NEW.id, a.value, 0, iif(a.value ->> '$.error' IS NULL, NEW.at, NULL),
    a.value ->> '$.fetch.until'
  FROM json_each(NEW.data, '$.attachments') a JOIN albums b ON b.message_id = NEW.data ->> '$.message_id';
  UPDATE albums SET
    files = files + coalesce(json_array_length(NEW.data, '$.attachments'), 0), closes_at = NEW.data ->> '$.closes_at',
    added_text = coalesce(added_text || char(10) || (NEW.data ->> '$.text'), added_text, NEW.data ->> '$.text')
  WHERE message_id = NEW.data ->> '$.message_id';
END;

CREATE TRIGGER IF NOT EXISTS message_files_on_fetch AFTER INSERT ON conversation_feed
WHEN NEW.type = 'FileFetchBegun' OR NEW.type = 'FileFetched' OR NEW.type = 'FileFetchFailed'
BEGIN
  SELECT RAISE(ABORT, 'rule:fetch_under_way') WHERE NEW.type = 'FileFetchBegun' AND NOT EXISTS (
    SELECT 1 FROM message_files
    WHERE message_id = NEW.data ->> '$.message_id' AND number = NEW.data ->> '$.number' AND due_at <= NEW.at
  );
  UPDATE conversations SET stream_version = NEW.version WHERE conversation_id = NEW.id;
  UPDATE message_files SET
    attempts = coalesce(NEW.data ->> '$.attempt', attempts), due_at = NEW.data ->> '$.retry_at',
    file_id = iif(NEW.type = 'FileFetched', NEW.data ->> '$.file_id', file_id),
    size_bytes = iif(NEW.type = 'FileFetched', NEW.data ->> '$.size_bytes', size_bytes),
    error = iif(NEW.type = 'FileFetchFailed', NEW.data ->> '$.error', NULL)
  WHERE message_id = NEW.data ->> '$.message_id' AND number = NEW.data ->> '$.number' AND file_id IS NULL;
END;

-- A dead letter may be replayed, and needs them then.
CREATE TRIGGER IF NOT EXISTS message_files_on_ended AFTER INSERT ON conversation_feed
WHEN NEW.type = 'MessageCompleted' OR NEW.type = 'MessageCancelled' OR NEW.type = 'DeadLetterDiscarded'
BEGIN
  DELETE FROM message_files WHERE message_id = NEW.data ->> '$.message_id';
  DELETE FROM albums WHERE message_id = NEW.data ->> '$.message_id';
END;
