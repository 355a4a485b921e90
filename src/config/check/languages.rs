//! The languages that are read at the start, beside those that are compiled in.

use std::path::Path as FilePath;

use super::Checker;
use crate::{
    call::language::Languages,
    config::SpeechConfig,
    languages::{self, Unread},
    yaml::Path,
};

impl Checker<'_> {
    /// Reads the files of the folder. A folder that nobody named may be missing.
    pub(in crate::config) fn languages(&mut self, speech: &SpeechConfig, folder: &FilePath) -> Languages {
        let read = languages::read(&folder.join(&speech.languages));
        let unread = match read {
            Ok(languages) => return languages,
            Err(unread) => unread,
        };
        match unread {
            Unread::Nothing if speech.languages == SpeechConfig::default().languages => {}
            Unread::Nothing => self.wrong(&Path::of(&["speech", "languages"]), "there is no such folder", None),
            Unread::Folder(why) => self.wrong(&Path::of(&["speech", "languages"]), why, None),
            Unread::Wrong(mistakes) => self.in_flows.extend(mistakes),
        }
        Languages::built_in().clone()
    }
}
