-- The queue. One file, because the tables change together and no trigger may depend on another's order:
--   conversations   one row each: its agent, the worker that has it, its lease epoch, its messages that have not ended
--   messages        one row each, with its state; the payload stays in the log, at position
--   leases          messages in flight; the key makes two in one conversation impossible
--   queue_heads     conversations whose next message can be claimed once ready_at has come
--   queue_counters  how many messages of an agent are in which state
CREATE TABLE IF NOT EXISTS conversations (
  conversation_id TEXT PRIMARY KEY,
  stream_version  INTEGER NOT NULL,
  agent_key       TEXT    NOT NULL,
  worker_id       TEXT,
  lease_epoch     INTEGER NOT NULL,
  turn_count      INTEGER NOT NULL,
  open_count      INTEGER NOT NULL,
  created_at      INTEGER NOT NULL,
  user_turn_at    INTEGER,
  agent_turn_at   INTEGER
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS conversations_worker ON conversations (worker_id) WHERE worker_id IS NOT NULL;

CREATE TABLE IF NOT EXISTS messages (
  message_id       TEXT PRIMARY KEY,
  conversation_id  TEXT    NOT NULL,
  seq              INTEGER NOT NULL,
  position         INTEGER NOT NULL,
  agent_key        TEXT    NOT NULL,
  provider         TEXT    NOT NULL,
  status           TEXT    NOT NULL,
  priority         INTEGER NOT NULL,
  enqueued_at      INTEGER NOT NULL,
  ready_at         INTEGER NOT NULL,
  rank             INTEGER NOT NULL,
  attempts         INTEGER NOT NULL,
  deliveries       INTEGER NOT NULL,
  max_attempts     INTEGER NOT NULL,
  worker_id        TEXT,
  lease_id         TEXT,
  last_error       TEXT,
  ended_at         INTEGER,
  external_id      TEXT
);

CREATE INDEX IF NOT EXISTS messages_conversation ON messages (conversation_id, status, seq);

CREATE UNIQUE INDEX IF NOT EXISTS messages_order ON messages (conversation_id, seq);

-- What a provider says twice is accepted once.
CREATE UNIQUE INDEX IF NOT EXISTS messages_external ON messages (conversation_id, provider, external_id)
WHERE external_id IS NOT NULL;

CREATE INDEX IF NOT EXISTS messages_dead ON messages (message_id) WHERE status = 'dead_letter';

CREATE INDEX IF NOT EXISTS messages_dead_of_agent ON messages (agent_key, message_id) WHERE status = 'dead_letter';

CREATE TABLE IF NOT EXISTS leases (
  conversation_id TEXT PRIMARY KEY,
  message_id      TEXT    NOT NULL,
  lease_id        TEXT    NOT NULL,
  epoch           INTEGER NOT NULL,
  worker_id       TEXT    NOT NULL,
  claimed_at      INTEGER NOT NULL,
  expires_at      INTEGER NOT NULL,
  claim_key       TEXT
) WITHOUT ROWID;

CREATE UNIQUE INDEX IF NOT EXISTS leases_message ON leases (message_id);

CREATE INDEX IF NOT EXISTS leases_worker ON leases (worker_id, claim_key);

CREATE INDEX IF NOT EXISTS leases_expiry ON leases (expires_at);

CREATE TABLE IF NOT EXISTS queue_heads (
  conversation_id TEXT PRIMARY KEY,
  message_id      TEXT    NOT NULL,
  agent_key       TEXT    NOT NULL,
  worker_id       TEXT,
  paused          INTEGER NOT NULL,
  rank            INTEGER NOT NULL,
  ready_at        INTEGER NOT NULL,
  has_bot         INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS queue_heads_claim ON queue_heads (paused, rank, ready_at);

-- For workers that cannot work without a bot token.
CREATE INDEX IF NOT EXISTS queue_heads_claim_with_bot ON queue_heads (paused, rank, ready_at) WHERE has_bot = 1;

CREATE INDEX IF NOT EXISTS queue_heads_ready ON queue_heads (ready_at);

CREATE INDEX IF NOT EXISTS queue_heads_worker ON queue_heads (worker_id) WHERE worker_id IS NOT NULL;

CREATE INDEX IF NOT EXISTS queue_heads_agent ON queue_heads (agent_key);

CREATE TABLE IF NOT EXISTS queue_counters (
  agent_key TEXT    NOT NULL,
  status    TEXT    NOT NULL,
  n         INTEGER NOT NULL,
  PRIMARY KEY (agent_key, status)
) WITHOUT ROWID;

CREATE TRIGGER IF NOT EXISTS queue_on_enqueued AFTER INSERT ON conversation_feed
WHEN NEW.type = 'MessageEnqueued'
BEGIN
  SELECT RAISE(ABORT, 'rule:conversation_belongs_to_another_agent')
  FROM conversations WHERE conversation_id = NEW.id AND agent_key <> NEW.data ->> '$.agent_key';
  SELECT RAISE(ABORT, 'rule:external_id_is_taken') FROM messages
  WHERE conversation_id = NEW.id AND provider = NEW.data ->> '$.provider' AND external_id = NEW.data ->> '$.external_id';
  SELECT RAISE(ABORT, 'rule:conversation_is_full')
  FROM conversations WHERE conversation_id = NEW.id AND open_count >= NEW.data ->> '$.conversation_messages_max';
  SELECT RAISE(ABORT, 'rule:agent_is_full') WHERE (
    SELECT sum(n) FROM queue_counters WHERE agent_key = NEW.data ->> '$.agent_key' AND status IN ('queued', 'processing')
  ) >= NEW.data ->> '$.agent_messages_max';
  INSERT INTO conversations (conversation_id, stream_version, agent_key, lease_epoch, turn_count, open_count, created_at)
  VALUES (NEW.id, NEW.version, NEW.data ->> '$.agent_key', 0, 0, 1, NEW.at)
  ON CONFLICT (conversation_id) DO UPDATE SET stream_version = excluded.stream_version, open_count = open_count + 1;
  INSERT INTO messages (
    message_id, conversation_id, seq, position, agent_key, provider, status, priority, enqueued_at, ready_at, rank, attempts,
    deliveries, max_attempts, external_id
  ) VALUES (
    NEW.data ->> '$.message_id', NEW.id, NEW.version, NEW.position, NEW.data ->> '$.agent_key', NEW.data ->> '$.provider',
    'queued', NEW.data ->> '$.priority', NEW.at, NEW.data ->> '$.ready_at', NEW.data ->> '$.rank', 0, 0,
    NEW.data ->> '$.max_attempts', NEW.data ->> '$.external_id'
  );
  INSERT INTO queue_heads (conversation_id, message_id, agent_key, worker_id, paused, rank, ready_at, has_bot)
  SELECT
    c.conversation_id, NEW.data ->> '$.message_id', c.agent_key, c.worker_id,
    NOT EXISTS (SELECT 1 FROM agents a WHERE a.agent_key = c.agent_key AND a.enabled),
    NEW.data ->> '$.rank', NEW.data ->> '$.ready_at', EXISTS (SELECT 1 FROM bots b WHERE b.agent_key = c.agent_key)
  FROM conversations c
  WHERE c.conversation_id = NEW.id
    AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.conversation_id = NEW.id)
    AND NOT EXISTS (SELECT 1 FROM queue_heads h WHERE h.conversation_id = NEW.id);
  INSERT INTO queue_counters (agent_key, status, n) VALUES (NEW.data ->> '$.agent_key', 'queued', 1)
  ON CONFLICT (agent_key, status) DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER IF NOT EXISTS queue_on_claimed AFTER INSERT ON conversation_feed
WHEN NEW.type = 'MessageClaimed'
BEGIN
  SELECT RAISE(ABORT, 'rule:claim_key_is_taken') FROM leases
  WHERE worker_id = NEW.data ->> '$.worker_id' AND claim_key = NEW.data ->> '$.claim_key';
  UPDATE conversations SET worker_id = NULL
  WHERE worker_id = NEW.data ->> '$.worker_id' AND conversation_id <> NEW.id;
  UPDATE queue_heads SET worker_id = NULL
  WHERE worker_id = NEW.data ->> '$.worker_id' AND conversation_id <> NEW.id;
  UPDATE conversations SET
    worker_id = NEW.data ->> '$.worker_id', lease_epoch = NEW.data ->> '$.epoch', stream_version = NEW.version
  WHERE conversation_id = NEW.id;
  UPDATE messages SET
    status = 'processing', deliveries = NEW.data ->> '$.delivery', worker_id = NEW.data ->> '$.worker_id',
    lease_id = NEW.data ->> '$.lease_id'
  WHERE message_id = NEW.data ->> '$.message_id';
  INSERT INTO leases (conversation_id, message_id, lease_id, epoch, worker_id, claimed_at, expires_at, claim_key)
  VALUES (
    NEW.id, NEW.data ->> '$.message_id', NEW.data ->> '$.lease_id', NEW.data ->> '$.epoch', NEW.data ->> '$.worker_id',
    NEW.at, NEW.data ->> '$.expires_at', NEW.data ->> '$.claim_key'
  );
  DELETE FROM queue_heads WHERE conversation_id = NEW.id;
  UPDATE queue_counters SET n = n - 1
  WHERE status = 'queued' AND agent_key = (SELECT agent_key FROM conversations WHERE conversation_id = NEW.id);
  INSERT INTO queue_counters (agent_key, status, n)
  SELECT agent_key, 'processing', 1 FROM conversations WHERE conversation_id = NEW.id
  ON CONFLICT (agent_key, status) DO UPDATE SET n = n + 1;
END;

-- A message that will not be worked any more makes way for the next one. A dead letter follows MessageFailed or LeaseLost, so it
-- is queued and at the head of its conversation.
CREATE TRIGGER IF NOT EXISTS queue_on_ended AFTER INSERT ON conversation_feed
WHEN NEW.type = 'MessageCompleted' OR NEW.type = 'MessageDeadLettered' OR NEW.type = 'MessageCancelled'
  OR NEW.type = 'DeadLetterDiscarded'
BEGIN
  UPDATE queue_counters SET n = n - 1
  WHERE status = (SELECT status FROM messages WHERE message_id = NEW.data ->> '$.message_id')
    AND agent_key = (SELECT agent_key FROM conversations WHERE conversation_id = NEW.id);
  DELETE FROM leases WHERE conversation_id = NEW.id AND message_id = NEW.data ->> '$.message_id';
  UPDATE conversations SET
    open_count = open_count - (NEW.type <> 'DeadLetterDiscarded'), stream_version = NEW.version
  WHERE conversation_id = NEW.id;
  UPDATE messages SET
    status = CASE NEW.type
      WHEN 'MessageCompleted' THEN 'done' WHEN 'MessageDeadLettered' THEN 'dead_letter'
      WHEN 'MessageCancelled' THEN 'cancelled' ELSE 'discarded'
    END,
    last_error = iif(NEW.type = 'MessageCompleted', NULL, last_error), ended_at = coalesce(ended_at, NEW.at)
  WHERE message_id = NEW.data ->> '$.message_id';
  DELETE FROM queue_heads WHERE conversation_id = NEW.id AND message_id = NEW.data ->> '$.message_id';
  INSERT INTO queue_heads (conversation_id, message_id, agent_key, worker_id, paused, rank, ready_at, has_bot)
  SELECT
    c.conversation_id, m.message_id, c.agent_key, c.worker_id,
    NOT EXISTS (SELECT 1 FROM agents a WHERE a.agent_key = c.agent_key AND a.enabled),
    m.rank, m.ready_at, EXISTS (SELECT 1 FROM bots b WHERE b.agent_key = c.agent_key)
  FROM conversations c JOIN messages m ON m.conversation_id = c.conversation_id AND m.status = 'queued'
  WHERE c.conversation_id = NEW.id
    AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.conversation_id = NEW.id)
    AND NOT EXISTS (SELECT 1 FROM queue_heads h WHERE h.conversation_id = NEW.id)
  ORDER BY m.seq LIMIT 1;
  INSERT INTO queue_counters (agent_key, status, n)
  SELECT agent_key, status, 1 FROM messages WHERE message_id = NEW.data ->> '$.message_id'
  ON CONFLICT (agent_key, status) DO UPDATE SET n = n + 1;
END;

-- A failed or lost message goes back to the head of its conversation and waits there until ready_at. A dead letter that is
-- replayed is like a new message: at the end.
CREATE TRIGGER IF NOT EXISTS queue_on_returned AFTER INSERT ON conversation_feed
WHEN NEW.type = 'MessageFailed' OR NEW.type = 'LeaseLost' OR NEW.type = 'DeadLetterReplayed'
BEGIN
  UPDATE queue_counters SET n = n - 1
  WHERE status = (SELECT status FROM messages WHERE message_id = NEW.data ->> '$.message_id')
    AND agent_key = (SELECT agent_key FROM conversations WHERE conversation_id = NEW.id);
  DELETE FROM leases WHERE conversation_id = NEW.id AND message_id = NEW.data ->> '$.message_id';
  UPDATE conversations SET
    worker_id = iif(NEW.type = 'LeaseLost', NULL, worker_id), open_count = open_count + (NEW.type = 'DeadLetterReplayed'),
    stream_version = NEW.version
  WHERE conversation_id = NEW.id;
  UPDATE messages SET
    status = 'queued', seq = iif(NEW.type = 'DeadLetterReplayed', NEW.version, seq),
    attempts = coalesce(NEW.data ->> '$.attempts', 0), deliveries = iif(NEW.type = 'DeadLetterReplayed', 0, deliveries),
    ready_at = NEW.data ->> '$.ready_at', rank = NEW.data ->> '$.rank',
    last_error = coalesce(NEW.data ->> '$.error', last_error), ended_at = NULL
  WHERE message_id = NEW.data ->> '$.message_id';
  INSERT INTO queue_heads (conversation_id, message_id, agent_key, worker_id, paused, rank, ready_at, has_bot)
  SELECT
    c.conversation_id, NEW.data ->> '$.message_id', c.agent_key, c.worker_id,
    NOT EXISTS (SELECT 1 FROM agents a WHERE a.agent_key = c.agent_key AND a.enabled),
    NEW.data ->> '$.rank', NEW.data ->> '$.ready_at', EXISTS (SELECT 1 FROM bots b WHERE b.agent_key = c.agent_key)
  FROM conversations c
  WHERE c.conversation_id = NEW.id
    AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.conversation_id = NEW.id)
    AND NOT EXISTS (SELECT 1 FROM queue_heads h WHERE h.conversation_id = NEW.id);
  UPDATE queue_counters SET n = n + 1
  WHERE status = 'queued' AND agent_key = (SELECT agent_key FROM conversations WHERE conversation_id = NEW.id);
END;

CREATE TRIGGER IF NOT EXISTS queue_on_rescheduled AFTER INSERT ON conversation_feed
WHEN NEW.type = 'MessageRescheduled'
BEGIN
  UPDATE conversations SET stream_version = NEW.version WHERE conversation_id = NEW.id;
  UPDATE messages SET ready_at = NEW.data ->> '$.ready_at', rank = NEW.data ->> '$.rank'
  WHERE message_id = NEW.data ->> '$.message_id';
  UPDATE queue_heads SET ready_at = NEW.data ->> '$.ready_at', rank = NEW.data ->> '$.rank'
  WHERE conversation_id = NEW.id AND message_id = NEW.data ->> '$.message_id';
END;

CREATE TRIGGER IF NOT EXISTS queue_on_turns_appended AFTER INSERT ON conversation_feed
WHEN NEW.type = 'TurnsAppended'
BEGIN
  UPDATE conversations SET
    turn_count = NEW.data ->> '$.turns_total', stream_version = NEW.version,
    user_turn_at = coalesce(
      (SELECT max(t.value ->> '$.at') FROM json_each(NEW.data, '$.turns') t WHERE t.value ->> '$.role' = 'user'), user_turn_at),
    agent_turn_at = coalesce(
      (SELECT max(t.value ->> '$.at') FROM json_each(NEW.data, '$.turns') t WHERE t.value ->> '$.role' = 'assistant'),
      agent_turn_at)
  WHERE conversation_id = NEW.id;
END;

-- A worker that no longer takes work keeps no conversation.
CREATE TRIGGER IF NOT EXISTS queue_on_worker_leaving AFTER INSERT ON worker_feed
WHEN NEW.type = 'DrainRequested' OR NEW.type = 'TeardownStarted' OR NEW.type = 'WorkerStopped'
BEGIN
  UPDATE conversations SET worker_id = NULL WHERE worker_id = NEW.id;
  UPDATE queue_heads SET worker_id = NULL WHERE worker_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS queue_on_agent_switched AFTER INSERT ON agent_feed
WHEN NEW.type IN ('AgentEnabled', 'AgentDisabled')
BEGIN
  UPDATE queue_heads SET paused = (NEW.type = 'AgentDisabled') WHERE agent_key = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS queue_on_bot AFTER INSERT ON agent_feed
WHEN NEW.type IN ('BotLinked', 'BotUnlinked')
BEGIN
  UPDATE queue_heads SET has_bot = (NEW.type = 'BotLinked') WHERE agent_key = NEW.id;
END;
