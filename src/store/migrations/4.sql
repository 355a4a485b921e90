-- Messages to webhooks that wait, or were given up. Times in *_ms columns are milliseconds since 1970-01-01 UTC.
CREATE TABLE deliveries (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  hook TEXT NOT NULL,
  -- The event's number; the message's id is made of it.
  event INTEGER NOT NULL,
  call TEXT NOT NULL,
  body TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  due_ms INTEGER NOT NULL,
  -- Why the last attempt failed.
  why TEXT,
  dead INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX deliveries_by_hook ON deliveries (hook, dead, due_ms, seq);
-- The first message about a call may be written before the call is: this is no foreign key. What is deleted of a call is deleted here, too.
CREATE TRIGGER deliveries_go_with_calls AFTER DELETE ON calls BEGIN
  DELETE FROM deliveries WHERE call = OLD.id;
END;
CREATE INDEX deliveries_by_call ON deliveries (call);
