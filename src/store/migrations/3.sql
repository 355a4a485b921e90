-- What people write about calls. Times in *_ms columns are milliseconds since 1970-01-01 UTC.
CREATE TABLE notes (
  call TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
  agent TEXT NOT NULL,
  text TEXT NOT NULL,
  -- What came of the conversation, in the agent's word; null while it goes on.
  disposition TEXT,
  changed_ms INTEGER NOT NULL,
  PRIMARY KEY (call, agent)
) STRICT, WITHOUT ROWID;

-- What the bot should have said or understood: proposals, for the operator.
CREATE TABLE corrections (
  id TEXT PRIMARY KEY,
  call TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
  created_ms INTEGER NOT NULL,
  -- The whole correction as JSON, as the API gives it.
  correction TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX corrections_by_time ON corrections (created_ms DESC, id DESC);
CREATE INDEX corrections_by_call ON corrections (call, created_ms, id);
