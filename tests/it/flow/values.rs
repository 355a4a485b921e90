//! Readers of times, amounts, names, postcodes and days, on what people say and on what recognisers make of it.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use warmline::call::flow::{
    definition::{DigitsDef, ReadDef},
    lexicon,
    slot::{Reader, Reading, digits},
    text,
};

const TODAY: Date = date(2026, 11, 23);

fn read(kind: &ReadDef, language: &str, said: &str) -> Option<String> {
    match Reader::new(kind.clone(), None).read(said, "", TODAY, lexicon::of(language).unwrap()) {
        Reading::Value { value, .. } => Some(value),
        Reading::Part { .. } | Reading::Nothing => None,
    }
}

fn all(kind: &ReadDef, language: &str, cases: &[(&str, &str)]) {
    let wrong: Vec<_> =
        cases.iter().map(|(said, is)| (said, is, read(kind, language, said))).filter(|(_, is, got)| got.as_deref() != Some(**is)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn times() {
    let cases = [
        ("half past nine", "09:30"),
        ("a quarter to six in the evening", "17:45"),
        ("ten past five pm", "17:10"),
        ("at 5 pm", "17:00"),
        ("5pm please", "17:00"),
        ("9:05 a.m.", "09:05"),
        ("17:30", "17:30"),
        ("seven thirty in the morning", "07:30"),
        ("eight o'clock", "08:00"),
        ("noon", "12:00"),
        ("at midnight", "00:00"),
        ("twelve thirty am", "00:30"),
        ("three in the afternoon", "15:00"),
        ("four, no, five pm", "17:00"),
    ];
    all(&ReadDef::Time, "en", &cases);
    for said in ["I have two dogs and a cat", "maybe", ""] {
        assert_eq!(read(&ReadDef::Time, "en", said), None, "{said}");
    }
    all(
        &ReadDef::Time,
        "ro",
        &[("nouă și jumătate dimineața", "09:30"), ("zece fără un sfert dimineața", "09:45"), ("ora 17:30", "17:30")],
    );
}

#[test]
fn amounts() {
    let cases = [
        ("twelve euros and fifty cents", "12.50 EUR"),
        ("€12.50", "12.50 EUR"),
        ("a hundred and twenty pounds", "120.00 GBP"),
        ("$1,250", "1250.00 USD"),
        ("four euros twenty", "4.20 EUR"),
        ("twelve fifty", "12.50"),
        ("one thousand two hundred dollars", "1200.00 USD"),
        ("ten, sorry, twelve euros", "12.00 EUR"),
    ];
    all(&ReadDef::Money, "en", &cases);
    all(&ReadDef::Money, "ro", &[("douăzeci și cinci de lei", "25.00 RON"), ("o sută de euro", "100.00 EUR")]);
    assert_eq!(read(&ReadDef::Money, "en", "I do not know"), None);
}

#[test]
fn days() {
    let cases = [
        ("in three days", "2026-11-26"),
        ("a week ago", "2026-11-16"),
        ("on the 28th", "2026-11-28"),
        ("24.12.2026", "2026-12-24"),
        ("2026-12-24", "2026-12-24"),
        ("the third of May nineteen eighty four", "1984-05-03"),
        ("March 12, 2027", "2027-03-12"),
        ("Monday, no, Tuesday", "2026-11-24"),
    ];
    all(&ReadDef::Date, "en", &cases);
    let keyed = Reader::new(ReadDef::Date, None).read_keys("03051984", TODAY, lexicon::of("en").unwrap());
    assert_eq!(keyed, Reading::Value { value: "1984-05-03".to_owned(), certainty: 1.0 });
}

#[test]
fn names_and_codes() {
    let cases = [
        ("My name is Jane Smith.", "Jane Smith"),
        ("it's Smith, S M Y T H", "Smyth"),
        ("this is Peter O'Brien", "Peter O'Brien"),
        ("J-A-N-E", "Jane"),
    ];
    all(&ReadDef::Name, "en", &cases);
    let post = ReadDef::Postcode;
    let pattern = regex::Regex::new("^(?:[A-Z]{1,2}[0-9][A-Z0-9]?[0-9][A-Z]{2})$").unwrap();
    let reader = Reader::new(post, Some(pattern));
    for said in
        ["SW1A 2AA", "S W one A two A A", "it's sierra whiskey one alpha two double alpha", "s as in sugar, w, one, a, two, double a"]
    {
        let read = reader.read(said, "", TODAY, lexicon::of("en").unwrap());
        assert!(matches!(&read, Reading::Value { value, .. } if value == "SW1A2AA"), "{said}: {read:?}");
    }
}

#[test]
fn e_mail_addresses_as_people_spell_them() {
    let cases = [
        ("jane smith at example dot com", "janesmith@example.com"),
        ("J-A-N-E at example.com", "jane@example.com"),
        ("it's a double n a at post dot org", "anna@post.org"),
        ("sales at example dot com, no, info at example dot com", "info@example.com"),
    ];
    all(&ReadDef::Email, "en", &cases);
}

#[test]
fn what_was_probably_a_number() {
    let misheard = |said: &str| digits::is_misheard(&text::words(said), (6, 6), lexicon::of("en").unwrap());
    for said in ["A-2, nine-six, three-three.", "It's three for two, oh hey one.", "four five seven one two nine eight"] {
        assert!(misheard(said), "{said}");
    }
    for said in ["four five seven one two nine", "four five seven", "I have been waiting for two weeks", "yes", "four five, no, four six"] {
        assert!(!misheard(said), "{said}");
    }
}

#[test]
fn choices_by_key_and_corrected() {
    let choices = BTreeMap::from([("home".to_owned(), vec!["my place".to_owned()]), ("shop".to_owned(), vec!["store".to_owned()])]);
    all(&ReadDef::Choice(choices.clone()), "en", &[("home, no, the store", "shop"), ("to my place", "home")]);
    let keyed = Reader::new(ReadDef::Choice(choices), None).read_keys("2", TODAY, lexicon::of("en").unwrap());
    assert_eq!(keyed, Reading::Value { value: "shop".to_owned(), certainty: 1.0 });
    let digits = Reader::new(ReadDef::Digits(DigitsDef { least: 6, most: 6 }), None);
    assert_eq!(
        digits.read_keys("457129", TODAY, lexicon::of("en").unwrap()),
        Reading::Value { value: "457129".to_owned(), certainty: 1.0 }
    );
}
