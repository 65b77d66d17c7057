-- What evals said of versions; never changed.
CREATE TABLE judgement (
  -- Of the event in the log.
  seq     INTEGER PRIMARY KEY,
  kind    TEXT    NOT NULL,
  name    TEXT    NOT NULL,
  number  INTEGER NOT NULL,
  eval    TEXT    NOT NULL,
  mark    TEXT    NOT NULL,
  -- `passed` or `failed`.
  verdict TEXT    NOT NULL,
  report  TEXT    NOT NULL,
  actor   TEXT    NOT NULL,
  reason  TEXT    NOT NULL,
  time_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX judgement_of ON judgement (kind, name, number, mark);
