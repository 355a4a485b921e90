//! A real phone: baresip calls the agent, and is called by it. Skipped where baresip is not installed.
