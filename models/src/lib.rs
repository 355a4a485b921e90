//! What the machine hears, understands and says: blocking calls, no telephony, no async.
