//! What the caller was asked to agree to. Without a yes there is no recording.

use crate::call::{
    action::Action,
    flow::definition::ConsentTo,
    io::Io,
    record::{ConsentAnswer, What},
};

/// How the question for the recording stands.
#[derive(Debug, Default)]
pub(crate) struct Consent {
    recording: Option<ConsentAnswer>,
    /// It is to be asked, even if the caller has not heard it yet.
    open: bool,
}

impl Consent {
    /// Brings it up to date with what the flow knows; what is new is written down and done. `heard`: the caller has heard what was said.
    pub(crate) fn follow(&mut self, io: &mut Io, known: &[(ConsentTo, Option<bool>)], heard: bool) {
        for (to, answer) in known {
            self.open = true;
            let is = match answer {
                None => ConsentAnswer::Asked,
                Some(true) => ConsentAnswer::Given,
                Some(false) => ConsentAnswer::Refused,
            };
            // A question that is asked again is still the same one.
            let asked_again = is == ConsentAnswer::Asked && (self.recording.is_some() || !heard);
            if self.recording == Some(is) || asked_again {
                continue;
            }
            self.recording = Some(is);
            io.record(What::Consent { to: to.word().to_owned(), answer: is });
            if is == ConsentAnswer::Refused {
                match to {
                    ConsentTo::Recording => io.act(Action::Unrecord),
                }
            }
        }
    }

    /// The call ends: a question that was never answered was answered with no.
    pub(crate) fn end(&mut self, io: &mut Io) {
        let answered = matches!(self.recording, Some(ConsentAnswer::Given | ConsentAnswer::Refused));
        if std::mem::take(&mut self.open) && !answered {
            io.act(Action::Unrecord);
        }
    }
}
