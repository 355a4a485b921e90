-- People who sign in. Times are milliseconds since 1970-01-01 UTC.
CREATE TABLE accounts (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL COLLATE NOCASE UNIQUE,
  role TEXT NOT NULL,
  -- The agent of the configuration that this account works as.
  agent TEXT,
  -- argon2id in PHC form; none: no password, yet or ever.
  password TEXT,
  locked INTEGER NOT NULL DEFAULT 0,
  -- Issuer and subject of an OpenID Connect provider, with a blank between.
  openid TEXT UNIQUE,
  created_ms INTEGER NOT NULL,
  signed_in_ms INTEGER
) STRICT;

-- What opens an account: sessions, API tokens, one-time links. The secret itself is nowhere, only its SHA-256.
CREATE TABLE keys (
  hash BLOB PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  label TEXT NOT NULL,
  -- JSON list; null: whatever the role may do.
  scopes TEXT,
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  used_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX keys_by_account ON keys (account);

-- Who did what. Names are kept as they were then: an account may be removed, what it did stays.
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms INTEGER NOT NULL,
  did TEXT NOT NULL,
  account TEXT,
  name TEXT,
  role TEXT,
  target TEXT,
  source TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_time ON audit (at_ms);
CREATE TRIGGER audit_never_changes BEFORE UPDATE ON audit BEGIN
  SELECT RAISE(ABORT, 'the audit log is never changed');
END;
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit WHEN OLD.at_ms > (unixepoch('subsec') - 30 * 86400) * 1000 BEGIN
  SELECT RAISE(ABORT, 'the audit log keeps 30 days at least');
END;
