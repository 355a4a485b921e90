//! Readers of values, on what people say and on what recognisers make of it.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use warmline::call::flow::{
    definition::{DigitsDef, ReadDef},
    lexicon::{self, Lexicon},
    slot::{Reader, Reading, yes_no},
    text,
};

const TODAY: Date = date(2026, 11, 23);

fn english() -> &'static Lexicon {
    lexicon::of("en").unwrap()
}

fn order_number() -> Reader {
    Reader::new(ReadDef::Digits(DigitsDef { least: 6, most: 6 }), Some(regex::Regex::new("^[1-9][0-9]{5}$").unwrap()))
}

fn value(reader: &Reader, said: &str) -> Option<String> {
    match reader.read(said, "", TODAY, english()) {
        Reading::Value { value, .. } => Some(value),
        Reading::Part { .. } | Reading::Nothing => None,
    }
}

#[test]
fn six_digits_however_they_are_said_and_written() {
    for said in [
        "457129",
        "457129.",
        "457,129",
        "4 5 7 1 2 9",
        "four five seven one two nine",
        "Four, five, seven. One, two, nine.",
        "four five seven, one two nine",
        "it's four five seven one two nine, please",
        "My order number is 457 129.",
        "forty five seventy one twenty nine",
        "four fifty-seven one twenty-nine",
        "four hundred fifty seven, one hundred and twenty nine",
        "four hundred fifty seven thousand one hundred twenty nine",
        "well, um, 45 71 29",
        "I ordered 2 lamps, the number is 457129",
    ] {
        assert_eq!(value(&order_number(), said).as_deref(), Some("457129"), "{said}");
    }
    assert_eq!(value(&order_number(), "double four five oh oh nine").as_deref(), Some("445009"));
    assert_eq!(value(&order_number(), "triple seven one to nine").as_deref(), Some("777129"));
    assert_eq!(value(&order_number(), "four five seven one two o").as_deref(), Some("457120"));
}

#[test]
fn corrections_in_the_middle() {
    for (said, is) in [
        ("four five eight, no, four five seven one two nine", "457129"),
        ("four five seven one two eight, sorry, one two nine", "457129"),
        ("457128 no 9", "457129"),
    ] {
        assert_eq!(value(&order_number(), said).as_deref(), Some(is), "{said}");
    }
    assert_eq!(order_number().correct("471129", "no, four five", english()).as_deref(), Some("451129"));
    assert_eq!(order_number().correct("457129", "no", english()), None);
}

#[test]
fn a_part_waits_for_the_rest() {
    assert_eq!(order_number().read("four five seven", "", TODAY, english()), Reading::Part { value: "457".to_owned() });
    assert!(matches!(order_number().read("one two nine", "457", TODAY, english()), Reading::Value { value, .. } if value == "457129"));
    // Who begins again is understood, too.
    assert!(matches!(order_number().read("457129", "457", TODAY, english()), Reading::Value { value, .. } if value == "457129"));
}

#[test]
fn what_is_no_order_number() {
    for said in [
        "hello",
        "oh, I see",
        "to be or not to be",
        "I ordered it for two people",
        "4571293",
        "057129",
        "I have been waiting for 3 weeks",
        "",
    ] {
        assert_eq!(value(&order_number(), said), None, "{said}");
    }
}

#[test]
fn keys_are_certain() {
    assert_eq!(order_number().read_keys("457129", TODAY, english()), Reading::Value { value: "457129".to_owned(), certainty: 1.0 });
    assert_eq!(order_number().read_keys("4571", TODAY, english()), Reading::Part { value: "4571".to_owned() });
    assert_eq!(Reader::new(ReadDef::Email, None).read_keys("457129", TODAY, english()), Reading::Nothing);
}

#[test]
fn e_mail_addresses() {
    let reader = Reader::new(ReadDef::Email, None);
    for (said, is) in [
        ("jane.doe@example.com", "jane.doe@example.com"),
        ("My e-mail is jane dot doe at example dot com.", "jane.doe@example.com"),
        ("it's Jane at example.com", "jane@example.com"),
        ("jane underscore doe at mail dash house dot co dot uk", "jane_doe@mail-house.co.uk"),
        ("j a n e at example dot com", "jane@example.com"),
        ("m as in mother j seven at example dot org", "mj7@example.org"),
    ] {
        assert_eq!(value(&reader, said).as_deref(), Some(is), "{said}");
    }
    for said in ["meet me at the station", "I live at home", "at dot com", "jane at example"] {
        assert_eq!(value(&reader, said), None, "{said}");
    }
}

#[test]
fn phones_and_dates() {
    let phone = Reader::new(ReadDef::Phone, None);
    assert_eq!(value(&phone, "oh seven two one, double five five, one two three").as_deref(), Some("0721555123"));
    assert_eq!(value(&phone, "five five five"), None);
    let day = Reader::new(ReadDef::Date, None);
    for (said, is) in [
        ("tomorrow", "2026-11-24"),
        ("the day after tomorrow, please", "2026-11-25"),
        ("on Saturday", "2026-11-28"),
        ("Monday", "2026-11-23"),
        ("next Monday", "2026-11-30"),
        ("the third of May", "2027-05-03"),
        ("May 3rd", "2027-05-03"),
        ("December twenty fifth", "2026-12-25"),
        ("on the 1st of December", "2026-12-01"),
    ] {
        assert_eq!(value(&day, said).as_deref(), Some(is), "{said}");
    }
    assert_eq!(value(&day, "the thirty fifth of May"), None);
}

#[test]
fn yes_no_and_choices() {
    let read = |said: &str| yes_no::read(&text::words(said), english());
    for yes in ["Yes.", "yeah, that's right", "Correct.", "Yes please", "uh huh", "okay"] {
        assert_eq!(read(yes), Some(true), "{yes}");
    }
    for no in ["No.", "no thanks", "No, that's all, thank you.", "nope", "that is wrong", "nothing else"] {
        assert_eq!(read(no), Some(false), "{no}");
    }
    for neither in ["maybe", "yesterday", "where is my order", "thanks", ""] {
        assert_eq!(read(neither), None, "{neither}");
    }
    assert_eq!(yes_no::begins(&text::words("no, it is four nine"), english()), Some(false));
    let choices = BTreeMap::from([("home".to_owned(), vec!["at home".to_owned()]), ("shop".to_owned(), vec!["pick it up".to_owned()])]);
    let choice = Reader::new(ReadDef::Choice(choices), None);
    assert_eq!(value(&choice, "I will pick it up").as_deref(), Some("shop"));
    assert_eq!(value(&choice, "home or shop"), None);
}

#[test]
fn romanian_digits() {
    let read = |said: &str| match order_number().read(said, "", TODAY, lexicon::of("ro").unwrap()) {
        Reading::Value { value, .. } => Some(value),
        Reading::Part { .. } | Reading::Nothing => None,
    };
    assert_eq!(read("patru cinci șapte unu doi nouă").as_deref(), Some("457129"));
    assert_eq!(read("patruzeci și cinci, șaptezeci și unu, douăzeci și nouă").as_deref(), Some("457129"));
}
