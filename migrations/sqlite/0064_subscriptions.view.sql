-- Consumer apps that are told what happens, how far each was told, and deliveries that were given up.
CREATE TABLE IF NOT EXISTS subscriptions (
  subscription_id TEXT PRIMARY KEY,
  stream_version  INTEGER NOT NULL,
  url             TEXT    NOT NULL,
  agents          TEXT,
  users           TEXT,
  told_through    INTEGER NOT NULL,
  attempts        INTEGER NOT NULL,
  retry_at        INTEGER,
  last_error      TEXT,
  made_at         INTEGER NOT NULL,
  ended_at        INTEGER
);

CREATE INDEX IF NOT EXISTS subscriptions_retry ON subscriptions (retry_at);

CREATE TABLE IF NOT EXISTS dead_deliveries (
  delivery_id     TEXT PRIMARY KEY,
  subscription_id TEXT    NOT NULL,
  after           INTEGER NOT NULL,
  through         INTEGER NOT NULL,
  attempts        INTEGER NOT NULL,
  last_error      TEXT    NOT NULL,
  dead_at         INTEGER NOT NULL,
  retry_at        INTEGER
);

CREATE INDEX IF NOT EXISTS dead_deliveries_of ON dead_deliveries (subscription_id, delivery_id);

CREATE INDEX IF NOT EXISTS dead_deliveries_retry ON dead_deliveries (retry_at);

CREATE TRIGGER IF NOT EXISTS subscriptions_on_made AFTER INSERT ON subscription_feed
WHEN NEW.type = 'SubscriptionMade'
BEGIN
  INSERT INTO subscriptions (subscription_id, stream_version, url, agents, users, told_through, attempts, retry_at, made_at)
  VALUES (
    NEW.id, NEW.version, NEW.data ->> '$.url', NEW.data ->> '$.agents', NEW.data ->> '$.users', NEW.data ->> '$.after', 0, NEW.at,
    NEW.at
  );
END;

CREATE TRIGGER IF NOT EXISTS subscriptions_on_ended AFTER INSERT ON subscription_feed
WHEN NEW.type = 'SubscriptionEnded'
BEGIN
  UPDATE subscriptions SET
    ended_at = NEW.at, retry_at = NULL, last_error = NEW.data ->> '$.reason', stream_version = NEW.version
  WHERE subscription_id = NEW.id;
  UPDATE dead_deliveries SET retry_at = NULL WHERE subscription_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS subscriptions_on_delivered AFTER INSERT ON subscription_feed
WHEN NEW.type = 'EventsDelivered'
BEGIN
  UPDATE subscriptions SET
    told_through = NEW.data ->> '$.through', attempts = 0, retry_at = NEW.at, last_error = NULL, stream_version = NEW.version
  WHERE subscription_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS subscriptions_on_failed AFTER INSERT ON subscription_feed
WHEN NEW.type = 'DeliveryFailed'
BEGIN
  UPDATE subscriptions SET
    attempts = NEW.data ->> '$.attempts', retry_at = NEW.data ->> '$.retry_at', last_error = NEW.data ->> '$.reason',
    stream_version = NEW.version
  WHERE subscription_id = NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS subscriptions_on_dead_letter AFTER INSERT ON subscription_feed
WHEN NEW.type = 'DeliveryDeadLettered'
BEGIN
  UPDATE subscriptions SET
    told_through = NEW.data ->> '$.through', attempts = 0, retry_at = NEW.at, last_error = NEW.data ->> '$.reason',
    stream_version = NEW.version
  WHERE subscription_id = NEW.id;
  INSERT INTO dead_deliveries (delivery_id, subscription_id, after, through, attempts, last_error, dead_at)
  VALUES (
    NEW.data ->> '$.delivery_id', NEW.id, NEW.data ->> '$.after', NEW.data ->> '$.through', NEW.data ->> '$.attempts',
    NEW.data ->> '$.reason', NEW.at
  );
END;

CREATE TRIGGER IF NOT EXISTS subscriptions_on_dead_delivery AFTER INSERT ON subscription_feed
WHEN NEW.type = 'DeadDeliveryReplayed' OR NEW.type = 'DeadDeliveryFailed' OR NEW.type = 'DeadDeliveryDelivered'
BEGIN
  UPDATE subscriptions SET stream_version = NEW.version WHERE subscription_id = NEW.id;
  UPDATE dead_deliveries SET
    retry_at = iif(NEW.type = 'DeadDeliveryReplayed', NEW.at, NULL),
    attempts = attempts + (NEW.type = 'DeadDeliveryFailed'), last_error = coalesce(NEW.data ->> '$.reason', last_error)
  WHERE delivery_id = NEW.data ->> '$.delivery_id';
  DELETE FROM dead_deliveries WHERE NEW.type = 'DeadDeliveryDelivered' AND delivery_id = NEW.data ->> '$.delivery_id';
END;
