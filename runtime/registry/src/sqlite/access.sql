-- Pointers that one person alone does not move. `*` in a name or a pointer stands for any.
CREATE TABLE protected (
  kind    TEXT NOT NULL,
  name    TEXT NOT NULL,
  pointer TEXT NOT NULL,
  PRIMARY KEY (kind, name, pointer)
) STRICT, WITHOUT ROWID;

-- Moves of protected pointers that somebody else may approve.
CREATE TABLE proposal (
  -- Of its event in the log.
  seq     INTEGER PRIMARY KEY,
  plan    TEXT    NOT NULL,
  actor   TEXT    NOT NULL,
  reason  TEXT    NOT NULL,
  time_ms INTEGER NOT NULL,
  -- `open`, `approved`, `withdrawn`.
  state   TEXT    NOT NULL
) STRICT;
