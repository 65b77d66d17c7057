-- Messages of other kinds than those of the first layout, which are told apart by `op`.
ALTER TABLE inbox ADD COLUMN kind INTEGER;

-- How often the process ended hard since the run last came on.
ALTER TABLE run ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;

-- Runs that may be deleted.
CREATE INDEX run_ended ON run(ended_ms) WHERE status >= 4;

-- Where large bodies are used.
CREATE INDEX log_blob ON log(substr(body, 2)) WHERE substr(body, 1, 1) = x'01';
CREATE INDEX run_header_blob ON run(substr(header, 2)) WHERE substr(header, 1, 1) = x'01';
CREATE INDEX run_result_blob ON run(substr(result, 2)) WHERE substr(result, 1, 1) = x'01';

-- What people say of runs and nodes afterwards.
CREATE TABLE feedback(
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL,
  node TEXT,
  by TEXT NOT NULL,
  score REAL,
  label TEXT,
  correction TEXT,
  note TEXT,
  at_ms INTEGER NOT NULL
);
CREATE INDEX feedback_run ON feedback(run, id);
