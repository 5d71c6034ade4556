-- The companies that a key is limited to. A key without a row here names none.
CREATE TABLE IF NOT EXISTS api_key_companies (
  key_id    TEXT PRIMARY KEY,
  companies TEXT NOT NULL
) WITHOUT ROWID;

CREATE TRIGGER IF NOT EXISTS api_key_companies_on_created AFTER INSERT ON apikey_feed
WHEN NEW.type = 'ApiKeyCreated' AND NEW.data -> '$.companies' IS NOT NULL
BEGIN
  INSERT INTO api_key_companies (key_id, companies) VALUES (NEW.id, NEW.data -> '$.companies');
END;
