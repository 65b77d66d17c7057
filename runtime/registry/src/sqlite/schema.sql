-- Versions are never changed; a deleted one keeps its number and digest, so that neither is given again.
CREATE TABLE version (
  kind       TEXT    NOT NULL,
  name       TEXT    NOT NULL,
  number     INTEGER NOT NULL,
  digest     BLOB    NOT NULL,
  body       BLOB,
  actor      TEXT    NOT NULL,
  reason     TEXT    NOT NULL,
  created_ms INTEGER NOT NULL,
  PRIMARY KEY (kind, name, number)
) STRICT;
CREATE UNIQUE INDEX version_content ON version (kind, name, digest);

-- Where pointers are.
CREATE TABLE pointer (
  kind       TEXT    NOT NULL,
  name       TEXT    NOT NULL,
  pointer    TEXT    NOT NULL,
  number     INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  back       INTEGER,
  PRIMARY KEY (kind, name, pointer)
) STRICT;

-- How they came there: each generation once.
CREATE TABLE move (
  kind        TEXT    NOT NULL,
  name        TEXT    NOT NULL,
  pointer     TEXT    NOT NULL,
  generation  INTEGER NOT NULL,
  number      INTEGER NOT NULL,
  before      INTEGER,
  back        INTEGER,
  actor       TEXT    NOT NULL,
  reason      TEXT    NOT NULL,
  time_ms     INTEGER NOT NULL,
  is_rollback INTEGER NOT NULL,
  PRIMARY KEY (kind, name, pointer, generation)
) STRICT;

-- What a bundle asks the registry for.
CREATE TABLE need (
  name      TEXT    NOT NULL,
  number    INTEGER NOT NULL,
  kind      TEXT    NOT NULL,
  reference TEXT    NOT NULL,
  PRIMARY KEY (kind, reference, name, number)
) STRICT, WITHOUT ROWID;

-- Which generations a release made.
CREATE TABLE release_move (
  release    TEXT    NOT NULL,
  generation INTEGER NOT NULL,
  position   INTEGER NOT NULL,
  kind       TEXT    NOT NULL,
  name       TEXT    NOT NULL,
  pointer    TEXT    NOT NULL,
  made       INTEGER NOT NULL,
  PRIMARY KEY (release, generation, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
  seq      INTEGER PRIMARY KEY,
  time_ms  INTEGER NOT NULL,
  actor    TEXT    NOT NULL,
  action   TEXT    NOT NULL,
  subject  TEXT    NOT NULL,
  before   TEXT    NOT NULL,
  after    TEXT    NOT NULL,
  reason   TEXT    NOT NULL,
  previous BLOB    NOT NULL,
  hash     BLOB    NOT NULL
) STRICT;
