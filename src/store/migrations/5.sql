-- Callbacks that were promised. Times in *_ms columns are milliseconds since 1970-01-01 UTC.
CREATE TABLE callbacks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  -- The call in which it was promised, or which broke off while its caller waited.
  call TEXT NOT NULL UNIQUE REFERENCES calls (id) ON DELETE CASCADE,
  number TEXT NOT NULL,
  -- Since when the caller wants a human: their place in the queue.
  since_ms INTEGER NOT NULL,
  promised_ms INTEGER NOT NULL,
  due_ms INTEGER NOT NULL,
  -- How often the caller was rung.
  tries INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT 'waiting',
  -- The last call that was to keep it.
  last_call TEXT
) STRICT;
CREATE INDEX callbacks_by_state ON callbacks (state, due_ms);
