//! What the tone detectors must take and must leave.

mod answer;
mod dtmf;
mod fax;
mod progress;
mod signals;
