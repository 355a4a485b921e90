//! Opening hours as data, and the answers computed from them.

use warmline::call::{
    flow::{Flow, hours::date_of},
    time::WallTime,
};

use super::{SMALL, talk::Talk};

/// Monday 2026-11-23, ten o'clock.
const MONDAY: WallTime = WallTime { day: 20_780, ms_of_day: 10 * 3_600_000 };

fn asked(question: &str, wall: WallTime) -> String {
    let mut talk = Talk::at(SMALL, wall);
    talk.means("opening_hours", question).bot()
}

#[test]
fn the_days() {
    assert_eq!(date_of(MONDAY).to_string(), "2026-11-23");
    for (question, answer) in [
        ("When are you open?", "We are open Monday to Friday from 9 AM to noon and from 1 PM to 6 PM and Saturday from 10 AM to 2 PM."),
        ("What are your opening hours on Saturday?", "On Saturday we are open from 10 AM to 2 PM."),
        ("Are you open on Sunday?", "On Sunday we are closed."),
        ("Are you open tomorrow?", "Tomorrow, Tuesday, we are open from 9 AM to noon and from 1 PM to 6 PM."),
        ("Until when are you open today?", "Today we are open from 9 AM to noon and from 1 PM to 6 PM."),
        ("Are you open on Sunday morning?", "On Sunday we are closed."),
        ("Are you open on Saturday evening?", "No, not at that time. On Saturday we are open from 10 AM to 2 PM."),
        ("Are you open on Saturday at eleven?", "On Saturday we are open from 10 AM to 2 PM."),
        ("Are you open on Saturday at five?", "No, not at that time. On Saturday we are open from 10 AM to 2 PM."),
        ("And at the weekend?", "On Saturday we are open from 10 AM to 2 PM. On Sunday we are closed."),
        ("Are you open on Christmas, December 25th?", "On Friday, December 25, we are closed, because of Christmas Day."),
        ("What about December 24th?", "On Thursday, December 24, we are open from 9 AM to 1 PM."),
        ("Are you open right now?", "Yes, we are open now, until noon."),
    ] {
        assert!(asked(question, MONDAY).starts_with(answer), "{question}: {}", asked(question, MONDAY));
    }
}

#[test]
fn now_is_the_moment_of_the_question() {
    let at = |day: i64, hour: u64, minute: u64| WallTime { day: 20_780 + day, ms_of_day: (hour * 60 + minute) * 60_000 };
    let now = "Are you open now?";
    assert!(asked(now, at(0, 12, 30)).starts_with("We are closed at the moment. We open again today at 1 PM."));
    assert!(asked(now, at(0, 18, 0)).starts_with("We are closed at the moment. We open again tomorrow, Tuesday at 9 AM."));
    assert!(asked(now, at(5, 15, 0)).starts_with("We are closed at the moment. We open again on Monday at 9 AM."));
    // The 25th is closed, the 26th a Saturday.
    assert!(asked(now, at(31, 14, 0)).starts_with("We are closed at the moment. We open again on Saturday at 10 AM."));
    // A call that goes on past midnight is in the next day.
    let mut talk = Talk::at(SMALL, at(0, 23, 59));
    talk.wait(120_000);
    assert!(talk.means("opening_hours", "Are you open today?").bot().starts_with("Today we are open"));
    assert!(talk.means("opening_hours", "And tomorrow?").bot().starts_with("Tomorrow, Wednesday,"));
}

#[test]
fn zones() {
    let wall = |zone: &str, ms: i64| Flow::parse(&SMALL.replace("\"+02:00\"", zone), "f").unwrap().wall_time(ms);
    // 2026-07-01T22:30Z is the next day in Bucharest, in summer time.
    let ms = 1_782_945_000_000;
    assert_eq!(wall("Europe/Bucharest", ms), WallTime { day: 20_636, ms_of_day: 90 * 60_000 });
    assert_eq!(wall("\"+02:00\"", ms), WallTime { day: 20_636, ms_of_day: 30 * 60_000 });
    assert_eq!(wall("\"-01:30\"", ms), WallTime { day: 20_635, ms_of_day: 21 * 3_600_000 });
}
