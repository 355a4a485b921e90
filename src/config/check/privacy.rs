//! Privacy: patterns that can work.

use super::Checker;
use crate::{call::redact::Rules, config::ConfigFile, yaml::Path};

impl Checker<'_> {
    pub(in crate::config) fn privacy(&mut self, file: &ConfigFile) {
        for (name, pattern) in &file.privacy.patterns {
            if let Err(message) = Rules::pattern(pattern) {
                let hint = "write it like `'\\bwm-?\\d{4}\\b'`, in single quotes";
                self.wrong(&Path::of(&["privacy", "patterns", name]), message, Some(hint));
            }
        }
        let days = file.privacy.retention;
        for (kind, own) in [
            ("recordings", days.recordings),
            ("transcripts", days.transcripts),
            ("facts", days.facts),
            ("notes", days.notes),
            ("corrections", days.corrections),
        ] {
            if days.calls > 0 && own > days.calls {
                let hint = "set it to 0: it goes with the call";
                self.wrong(&Path::of(&["privacy", "retention", kind]), "is longer than `calls`, with which it is deleted", Some(hint));
            }
        }
    }
}
