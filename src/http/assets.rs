//! The files of `web/dist`, sorted by path; the build script writes the list.

include!(concat!(env!("OUT_DIR"), "/assets.rs"));
