-- Bundles that runs are pinned to.
CREATE TABLE bundle(
  digest BLOB PRIMARY KEY,
  file BLOB NOT NULL,
  root TEXT NOT NULL,
  egress TEXT NOT NULL,
  added_ms INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE run(
  no INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  tenant TEXT NOT NULL,
  flow TEXT NOT NULL,
  bundle BLOB NOT NULL,
  records INTEGER NOT NULL,
  status INTEGER NOT NULL,
  started_ms INTEGER NOT NULL,
  ended_ms INTEGER,
  wake_ms INTEGER,
  lane TEXT,
  once TEXT,
  header BLOB NOT NULL,
  result BLOB,
  cost INTEGER NOT NULL DEFAULT 0,
  input_tokens INTEGER NOT NULL DEFAULT 0,
  output_tokens INTEGER NOT NULL DEFAULT 0,
  reason TEXT
);
CREATE INDEX run_tenant ON run(tenant, no);
CREATE INDEX run_open ON run(no, status) WHERE status < 4;
CREATE UNIQUE INDEX run_once ON run(tenant, once) WHERE once IS NOT NULL;

-- What happened to runs, in order. The state of a run is its header and these records.
CREATE TABLE log(
  run INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY(run, seq)
) WITHOUT ROWID;

-- Large bodies, once each.
CREATE TABLE blob(
  digest BLOB PRIMARY KEY,
  body BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE question(
  run INTEGER NOT NULL,
  op INTEGER NOT NULL,
  run_id TEXT NOT NULL,
  tenant TEXT NOT NULL,
  flow TEXT NOT NULL,
  human TEXT NOT NULL,
  role TEXT,
  who TEXT,
  title TEXT,
  shown TEXT NOT NULL,
  answer TEXT NOT NULL,
  quorum INTEGER NOT NULL,
  asked_ms INTEGER NOT NULL,
  due_ms INTEGER,
  state INTEGER NOT NULL,
  PRIMARY KEY(run, op)
) WITHOUT ROWID;
CREATE INDEX question_open ON question(tenant, asked_ms) WHERE state = 0;

CREATE TABLE answer(
  run INTEGER NOT NULL,
  op INTEGER NOT NULL,
  n INTEGER NOT NULL,
  by TEXT NOT NULL,
  value TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY(run, op, n)
) WITHOUT ROWID;

-- What other processes ask of the one that drives the runs.
CREATE TABLE inbox(
  id INTEGER PRIMARY KEY,
  run TEXT NOT NULL,
  op INTEGER,
  by TEXT,
  value TEXT,
  at_ms INTEGER NOT NULL
);

-- Changes of memories, caches, indexes, slots, events, queues, topics and datasets.
CREATE TABLE resource(
  seq INTEGER PRIMARY KEY,
  entry TEXT NOT NULL
);

-- When each schedule was last looked at, and how far each trigger has read.
CREATE TABLE mark(
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE api_key(
  id TEXT PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE,
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  scopes TEXT NOT NULL,
  roles TEXT NOT NULL,
  made_ms INTEGER NOT NULL,
  revoked_ms INTEGER
) WITHOUT ROWID;
