-- Claim codes: with which a call is found on the page /claim. They outlive a restart of the gateway.
CREATE TABLE claims (
  code TEXT PRIMARY KEY,
  call TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
  -- Since 1970-01-01 UTC; none while the call goes on.
  ended_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX claims_by_call ON claims (call);
