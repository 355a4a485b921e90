-- What was erased at somebody's wish. A receipt says how much of what kinds, and leads back to nobody.
CREATE TABLE receipts (
  id TEXT PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  -- The whole receipt as JSON, as the API gives it.
  receipt TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX receipts_by_time ON receipts (at_ms DESC, id DESC);

-- Calls under a legal hold: nothing of them is deleted. There is no cascade on purpose, so that a mistake elsewhere deletes nothing either.
CREATE TABLE holds (
  call TEXT PRIMARY KEY REFERENCES calls (id),
  placed_ms INTEGER NOT NULL,
  -- Who placed it, by the name of then.
  placed_by TEXT,
  why TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What retention has deleted of a call whose row is still there.
CREATE TABLE swept (
  call TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (call, kind)
) STRICT, WITHOUT ROWID;
