-- Where a content is that is not in this file, as JSON; see `bodies::Stored`.
ALTER TABLE version ADD COLUMN stored TEXT;

-- What is said once for the whole registry.
CREATE TABLE setting (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
