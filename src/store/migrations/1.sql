-- Times in *_ms columns named at/from/to are milliseconds since the call arrived; started_ms is since 1970-01-01 UTC.
CREATE TABLE calls (
  id TEXT PRIMARY KEY,
  started_ms INTEGER NOT NULL,
  utc_offset_s INTEGER NOT NULL,
  state TEXT NOT NULL,
  caller TEXT NOT NULL,
  caller_name TEXT,
  called TEXT NOT NULL,
  flow TEXT NOT NULL,
  language TEXT NOT NULL,
  outcome TEXT,
  duration_ms INTEGER,
  intent TEXT,
  escalated INTEGER NOT NULL,
  handoff_outcome TEXT,
  agent TEXT,
  time_to_agent_ms INTEGER,
  longest_silence_ms INTEGER,
  -- Entries that reached the call's event log but not this database.
  entries_missing INTEGER NOT NULL DEFAULT 0,
  -- The whole head as JSON, as the API gives it.
  head TEXT NOT NULL
) STRICT;
CREATE INDEX calls_by_start ON calls (started_ms DESC, id DESC);
CREATE INDEX calls_by_state ON calls (state, started_ms DESC, id DESC);
CREATE INDEX calls_by_caller ON calls (caller, started_ms DESC);

CREATE TABLE entries (
  call TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  what TEXT NOT NULL,
  entry TEXT NOT NULL,
  PRIMARY KEY (call, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE turns (
  call TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  turn INTEGER NOT NULL,
  speaker TEXT NOT NULL,
  from_ms INTEGER NOT NULL,
  to_ms INTEGER NOT NULL,
  text TEXT NOT NULL,
  -- What the caller really heard of a bot's turn.
  heard TEXT,
  node TEXT,
  interrupted INTEGER,
  reply_ms INTEGER,
  confidence REAL,
  intent TEXT,
  intent_confidence REAL,
  PRIMARY KEY (call, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE evidence (
  call TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  number INTEGER NOT NULL,
  kind TEXT NOT NULL,
  matter TEXT,
  quote TEXT NOT NULL,
  from_ms INTEGER NOT NULL,
  to_ms INTEGER NOT NULL,
  weight REAL NOT NULL,
  certainty REAL NOT NULL,
  PRIMARY KEY (call, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE decisions (
  call TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  escalate INTEGER NOT NULL,
  score REAL NOT NULL,
  threshold REAL NOT NULL,
  -- JSON lists: reasons, and the numbers of the evidence that counted.
  reasons TEXT NOT NULL,
  evidence TEXT NOT NULL,
  why TEXT NOT NULL,
  would_change TEXT NOT NULL,
  PRIMARY KEY (call, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE handoff_steps (
  call TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  step TEXT NOT NULL,
  agent TEXT,
  outcome TEXT,
  detail TEXT NOT NULL,
  PRIMARY KEY (call, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE facts (
  call TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  label TEXT NOT NULL,
  value TEXT NOT NULL,
  confidence REAL NOT NULL,
  confirmed INTEGER NOT NULL,
  source TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (call, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE agents (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  -- JSON lists.
  queues TEXT NOT NULL,
  languages TEXT NOT NULL
) STRICT, WITHOUT ROWID;
