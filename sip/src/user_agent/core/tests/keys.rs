//! Keys in INFO requests of ours (RFC 6086): to whom takes them, and never twice.

use super::{Command, Event, LegId, Story};
use crate::dtmf::Digit;

const TAKES: &str = "Allow: INVITE, ACK, BYE, INFO\r\n";

fn key(key: char) -> Digit {
    Digit::from_char(key).unwrap()
}

impl Story {
    fn presses(&mut self, leg: LegId, keys: &str) {
        keys.chars().for_each(|digit| self.told(Command::Key { leg, digit: key(digit) }));
    }

    /// Those that have to be told in another way.
    fn left(&self) -> String {
        let left =
            self.events.iter().filter_map(|event| if let Event::KeyNotTaken { digit, .. } = event { Some(digit.to_char()) } else { None });
        left.collect()
    }
}

#[test]
fn whoever_allows_it_is_told_each_key_once_whichever_side_called() {
    for outbound in [false, true] {
        let mut story = Story::new();
        let leg = if outbound { story.dialled(TAKES) } else { story.talking(TAKES) };
        story.presses(leg, "5#");
        assert_eq!(story.count("INFO"), 2);
        let info = story.last("INFO");
        assert!(
            info.contains("Content-Type: application/dtmf-relay\r\n") && info.ends_with("\r\n\r\nSignal=#\r\nDuration=160\r\n"),
            "{info}"
        );
        story.replies("INFO", "200 OK", "");
        assert_eq!(story.left(), "");
    }
}

#[test]
fn whoever_does_not_is_told_none_and_the_application_hears_of_it() {
    for allows in ["", "Allow: INVITE, ACK, BYE\r\n"] {
        let mut story = Story::new();
        let leg = story.dialled(allows);
        story.presses(leg, "12");
        assert_eq!((story.count("INFO"), story.left()), (0, "12".to_owned()));
    }
}

#[test]
fn whoever_refuses_one_is_told_no_more_and_one_of_which_nothing_is_heard_may_have_been_taken() {
    let mut story = Story::new();
    let leg = story.dialled(TAKES);
    story.presses(leg, "7");
    story.replies("INFO", "415 Unsupported Media Type", "");
    story.presses(leg, "8");
    assert_eq!((story.count("INFO"), story.left()), (1, "78".to_owned()));

    let mut story = Story::new();
    let leg = story.dialled(TAKES);
    story.presses(leg, "9");
    story.passes(40);
    assert_eq!((story.left(), story.core.stats().calls), (String::new(), 1));
}
