//! What is struck out of what callers say, and what is not.

use super::*;
use crate::call::language::Languages;

fn redactor(language: &str, kinds: &[Kind]) -> Redactor {
    let rules = Rules { kinds: kinds.to_vec(), ..Rules::none() };
    Redactor::new(&rules, Languages::built_in().of(language).unwrap())
}

fn usual() -> Redactor {
    Redactor::new(&Rules::default(), Languages::built_in().of("en").unwrap())
}

fn said(text: &str) -> String {
    usual().said(text, Time(0), Time(1_000)).text
}

#[test]
fn cards_are_struck_out_however_they_are_said() {
    for text in [
        "It is 4111 1111 1111 1111, thanks.",
        "It is 4111-1111-1111-1111, thanks.",
        "It is 4111111111111111, thanks.",
        "It is four one one one, one one one one, one one one one, one one one one, thanks.",
        "It is forty-one eleven, eleven eleven, 1111, and um eleven eleven, thanks.",
        "It is four triple one, triple one one, triple one one, triple one one, thanks.",
    ] {
        assert_eq!(said(text), "It is ••••, thanks.", "{text}");
    }
    assert_eq!(said("4111111111111111 and 5555555555554444"), "•••• and ••••");
    assert_eq!(said("First 4111111111111111, then he said 5555555555554444."), "First ••••, then he said ••••.");
}

#[test]
fn other_numbers_are_left_alone() {
    for text in [
        "My order is 457129.",
        "Call me at 0040 721 000 111 please.",
        "It is parcel 1111 2222 3333.",
        "I paid by credit card for order 457129 on the 3rd of May 2026.",
        "My password is not accepted, and the password is wrong.",
        "I forgot my password.",
    ] {
        assert_eq!(said(text), text);
    }
}

#[test]
fn what_is_as_long_as_a_card_is_struck_out_even_if_it_was_misheard_and_not_announced() {
    for text in ["It is 4111 1111 1111 1112.", "It is for one one one, one one one one, one one one one, one one one one."] {
        assert!(said(text).contains("••••") && !said(text).contains("1111") && !said(text).contains("one one"), "{}", said(text));
    }
    assert_eq!(usual().written("parcel 41111111111112").text, "parcel 41111111111112", "what was not heard was not misheard");
}

#[test]
fn figures_near_the_words_for_a_card_are_struck_out_even_if_they_were_misheard() {
    let mut redactor = usual();
    let struck = redactor.said("My card number is 4111 1111 1111 111", Time(0), Time(4_000));
    assert_eq!((struck.text.as_str(), struck.kinds.as_slice()), ("My card number is ••••", &["cards".to_owned()][..]));
    assert_eq!(redactor.said("and 737 on the back", Time(9_000), Time(10_000)).text, "and •••• on the back");
    assert_eq!(redactor.said("I have 3 of them", Time(12_000), Time(13_000)).text, "I have 3 of them");
    assert_eq!(redactor.said("my order is 457129", Time(60_000), Time(61_000)).text, "my order is 457129");
}

#[test]
fn a_number_in_several_turns_is_one_number() {
    let mut redactor = usual();
    assert!(redactor.said("It's four one one one one one one one", Time(0), Time(4_000)).is_nothing());
    assert!(redactor.is_doubtful("yes", Time(5_000)), "it may go on");
    assert!(redactor.said("1111", Time(6_000), Time(8_000)).is_nothing());
    let struck = redactor.said("1111 that was it", Time(9_000), Time(12_000));
    assert_eq!((struck.text.as_str(), struck.since), ("•••• that was it", Some(Time(0))));
    assert!(!redactor.is_doubtful("yes", Time(40_000)));
}

#[test]
fn passwords_are_struck_out_to_the_end_and_in_the_next_turn() {
    assert_eq!(said("Well, my password is hunter two. No. Capital H."), "Well, my password is ••••.");
    let mut redactor = usual();
    assert_eq!(redactor.said("The password is", Time(0), Time(1_000)).text, "The password is");
    assert_eq!(redactor.said("Correct horse, battery!", Time(3_000), Time(5_000)).text, "••••!");
    assert_eq!(redactor.said("Did you get that?", Time(8_000), Time(9_000)).text, "Did you get that?");
    let mut late = usual();
    late.said("my password is", Time(0), Time(1_000));
    assert_eq!(late.said("Hello?", Time(30_000), Time(31_000)).text, "Hello?");
}

#[test]
fn personal_codes_are_struck_out_where_that_is_wanted() {
    let text = "CNP-ul meu este 1850315123455.";
    assert_eq!(redactor("ro", &[Kind::Cards]).written(text).text, text);
    assert_eq!(redactor("ro", &[Kind::Cnp]).written(text).text, "CNP-ul meu este ••••.");
    let spoken = "Rodné číslo je sedmdesát osm nula jedna dvacet tři lomeno třicet pět čtyřicet.";
    assert_eq!(redactor("cs", &[Kind::BirthNumbers]).written("Mám 780123/3540.").text, "Mám ••••.");
    assert_eq!(redactor("cs", &[Kind::BirthNumbers]).written(&spoken.replace(" lomeno", "")).text, "Rodné číslo je ••••.");
}

#[test]
fn patterns_of_ones_own() {
    let patterns = [("staff".to_owned(), r"\bwm-?\d{4}\b".to_owned())].into();
    let rules = Rules { patterns, ..Rules::none() };
    let struck = Redactor::new(&rules, Languages::built_in().of("en").unwrap()).written("I am WM-1234, or wm1234.");
    assert_eq!((struck.text.as_str(), struck.kinds.len()), ("I am ••••, or ••••.", 2));
    assert!(Rules::pattern("a(").is_err() && Rules::pattern("x*").is_err());
}

#[test]
fn what_is_still_said_shows_no_long_numbers() {
    assert_eq!(usual().growing("It is 4111 1111", Time(0)).text, "It is ••••");
    assert_eq!(usual().growing("It is 457129", Time(0)).text, "It is 457129");
    assert!(usual().is_doubtful("my password is", Time(0)));
    assert_eq!(usual().keyed("14111111111111111"), Some("cards"));
    assert_eq!(usual().keyed("457129"), None);
}

#[test]
fn nothing_is_struck_out_where_nothing_is_wanted() {
    let text = "My card number is 4111111111111111";
    assert_eq!(Redactor::new(&Rules::none(), Languages::built_in().of("en").unwrap()).said(text, Time(0), Time(1)).text, text);
}
