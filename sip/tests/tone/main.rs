//! What the tone detectors must take and must leave.

mod dtmf;
mod signals;
