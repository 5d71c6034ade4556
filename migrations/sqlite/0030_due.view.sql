-- Everything that waits, and the instant at which somebody must look at it.
CREATE VIEW IF NOT EXISTS due (what, id, at) AS
  SELECT 'lease', conversation_id, expires_at FROM leases
  UNION ALL
  SELECT 'message', conversation_id, ready_at FROM queue_heads
  UNION ALL
  SELECT 'pairing', pairing_id, pending_until FROM pairings WHERE pending_until IS NOT NULL
  UNION ALL
  SELECT 'secret', sealed_id, retired_at FROM retired_secrets WHERE held = 0
  UNION ALL
  SELECT 'webhook', bot_id, webhook_retry_at FROM bots WHERE webhook_retry_at IS NOT NULL
  UNION ALL
  SELECT 'subscription', subscription_id, retry_at FROM subscriptions
  WHERE retry_at IS NOT NULL AND told_through < (SELECT max(position) FROM app_events)
  UNION ALL
  SELECT 'delivery', delivery_id, retry_at FROM dead_deliveries WHERE retry_at IS NOT NULL
  UNION ALL
  SELECT 'retired_bot', bot_id, retry_at FROM retired_bots
  UNION ALL
  SELECT 'drain', worker_id, drain_deadline_at FROM workers WHERE state = 'draining'
  UNION ALL
  SELECT 'salvage', worker_id, volume_keep_until FROM workers WHERE state = 'stopping' AND volume_keep_until IS NOT NULL
  UNION ALL
  SELECT 'reply', reply_id, due_at FROM outbox_chats
  UNION ALL
  SELECT 'file', message_id, due_at FROM message_files WHERE due_at IS NOT NULL;
