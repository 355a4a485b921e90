//! The Romanian example flow and the readers of Romanian.

use std::fs;

use jiff::civil::{Date, date};
use warmline::call::flow::{
    Flow,
    definition::{DigitsDef, ReadDef},
    lexicon,
    slot::{Reader, Reading, yes_no},
    text,
};

use super::example;

const TODAY: Date = date(2026, 11, 23);

fn romanian() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config/flows/support.ro.yaml")).unwrap()
}

fn read(kind: ReadDef, said: &str) -> Option<String> {
    match Reader::new(kind, None).read(said, "", TODAY, lexicon::of("ro").unwrap()) {
        Reading::Value { value, .. } => Some(value),
        Reading::Part { .. } | Reading::Nothing => None,
    }
}

#[test]
fn both_examples_want_and_answer_the_same() {
    let (english, romanian) = (Flow::parse(&example(), "support.en.yaml").unwrap(), romanian());
    let romanian = Flow::parse(&romanian, "support.ro.yaml").unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    assert_eq!(romanian.language, "ro");
    let names = |flow: &Flow| (flow.intents.keys().cloned().collect::<Vec<_>>(), flow.knowledge.keys().cloned().collect::<Vec<_>>());
    assert_eq!(names(&english), names(&romanian));
    let matters = |flow: &Flow| flow.escalation.critical.keys().cloned().collect::<Vec<_>>();
    assert_eq!(matters(&english), matters(&romanian));
}

#[test]
fn six_digits_however_they_are_said_and_written() {
    for said in [
        "457129",
        "4 5 7, 1 2 9.",
        "patru cinci șapte unu doi nouă",
        "Numărul comenzii este patru, cinci, șapte, unu, doi, nouă.",
        "patruzeci și cinci, șaptezeci și unu, douăzeci și nouă",
        "patru sute cincizeci și șapte, o sută douăzeci și nouă",
        "patru sute cincizeci și șapte de mii o sută douăzeci și nouă",
        "patru cinci opt, nu, patru cinci șapte unu doi nouă",
    ] {
        assert_eq!(read(ReadDef::Digits(DigitsDef { least: 6, most: 6 }), said).as_deref(), Some("457129"), "{said}");
    }
    assert_eq!(read(ReadDef::Digits(DigitsDef { least: 6, most: 6 }), "dublu patru cinci zero zero nouă").as_deref(), Some("445009"));
}

#[test]
fn days_and_addresses() {
    for (said, is) in [
        ("mâine", "2026-11-24"),
        ("pe douăzeci și cinci decembrie", "2026-12-25"),
        ("întâi mai", "2027-05-01"),
        ("sâmbătă", "2026-11-28"),
        ("lunea viitoare", "2026-11-30"),
        ("pe 3 ianuarie", "2027-01-03"),
    ] {
        assert_eq!(read(ReadDef::Date, said).as_deref(), Some(is), "{said}");
    }
    for said in ["ana punct pop arond exemplu punct ro", "ana.pop@exemplu.ro", "a de la ana, n, a, punct pop arond exemplu punct ro"] {
        assert_eq!(read(ReadDef::Email, said).as_deref(), Some("ana.pop@exemplu.ro"), "{said}");
    }
}

#[test]
fn yes_and_no() {
    let is = |said: &str| yes_no::read(&text::words(said), lexicon::of("ro").unwrap());
    for said in ["Da.", "Da, este corect.", "Sigur.", "Așa este.", "Da, vă rog.", "De acord, mulțumesc."] {
        assert_eq!(is(said), Some(true), "{said}");
    }
    for said in ["Nu.", "Nu este corect.", "Nu, mulțumesc.", "Nu, asta era tot.", "Greșit."] {
        assert_eq!(is(said), Some(false), "{said}");
    }
    assert_eq!(is("Nu știu."), None);
    assert_eq!(is("Unde este comanda mea?"), None);
}
