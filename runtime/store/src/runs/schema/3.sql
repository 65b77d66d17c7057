-- How each call through a split ended: of its arm, and of the shadows beside it.
CREATE TABLE arm(
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL,
  frame INTEGER NOT NULL,
  flow INTEGER NOT NULL,
  node INTEGER NOT NULL,
  visit INTEGER NOT NULL,
  branch INTEGER NOT NULL,
  split INTEGER NOT NULL,
  arm INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  error TEXT,
  cost INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  took_ms INTEGER NOT NULL,
  confidence REAL,
  value TEXT,
  differs TEXT,
  at_ms INTEGER NOT NULL
);
CREATE INDEX arm_run ON arm(run);
CREATE INDEX arm_time ON arm(at_ms);

-- What tenants have spent, or a little more, on the last day on which they spent anything.
CREATE TABLE spent(
  tenant TEXT PRIMARY KEY,
  day INTEGER NOT NULL,
  micros INTEGER NOT NULL
) WITHOUT ROWID;

-- Which arms of splits were paused and resumed, by whom and why; of rows about the same arm, the last counts.
CREATE TABLE pause(
  id INTEGER PRIMARY KEY,
  package TEXT NOT NULL,
  split TEXT NOT NULL,
  arm TEXT NOT NULL,
  paused INTEGER NOT NULL,
  by TEXT NOT NULL,
  reason TEXT NOT NULL,
  at_ms INTEGER NOT NULL
);
