-- Messages that somebody has dealt with: which entry of which call, who, and when (since 1970-01-01 UTC). The messages themselves are steps of handoffs.
CREATE TABLE voicemails_done (
  call TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  by TEXT NOT NULL,
  done_ms INTEGER NOT NULL,
  PRIMARY KEY (call, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX voicemails ON handoff_steps (call, seq) WHERE step = 'voicemail';
