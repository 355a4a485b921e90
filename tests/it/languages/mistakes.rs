//! What is wrong with a language file is named with its line and key.

use warmline::call::language::{Language, Languages};

const LANGUAGE: &str = include_str!("../../data/languages/qaa.yaml");

/// Line, key and message of each mistake.
fn mistakes(from: &str, to: &str) -> Vec<(usize, String, String)> {
    assert!(LANGUAGE.contains(from), "{from}");
    let mistakes = Language::parse(&LANGUAGE.replacen(from, to, 1), "qaa.yaml").expect_err("the file is right");
    mistakes.into_iter().map(|mistake| (mistake.place.line, mistake.key, mistake.message)).collect()
}

fn line(text: &str) -> usize {
    LANGUAGE.lines().position(|line| line.contains(text)).unwrap() + 1
}

#[test]
fn keys_that_are_unknown_or_missing() {
    let unknown = mistakes("  go_on: Cu", "  go_onward: Cu");
    assert!(unknown.contains(&(line("go_on:"), "prompts.go_onward".to_owned(), "unknown key `go_onward`".to_owned())), "{unknown:#?}");
    let missing = mistakes("  never_mind: [sasa, roboto]\n", "");
    assert_eq!(missing, [(line("turn:"), "turn".to_owned(), "`never_mind` is missing".to_owned())]);
    let prompt = mistakes("  goodbye: Dano, salo.\n", "");
    assert_eq!(prompt, [(line("prompts:"), "prompts".to_owned(), "`goodbye` is missing".to_owned())]);
}

#[test]
fn words_patterns_and_templates_that_cannot_work() {
    for (from, to, key, message) in [
        ("bye: [salo]", "bye: [salo!]", "lexicon.bye", "not made of words"),
        ("{ hodi: 0, morgi: 1 }", "{ hodi: 0, Hodí: 1 }", "lexicon.relative_days", "stands here twice"),
        (r"calm: \bdano\b", r"calm: \bdano(", "escalation.calm", "no regular expression"),
        ("{ mateni: '08:00-12:00' }", "{ mateni: '08:00' }", "lexicon.parts.mateni", "is not like \"09:00-12:00\""),
        ("Mi voku {{ department }}.", "Mi voku {{ name }}.", "prompts.calling_colleague", "there is no `name` here"),
        ("'{first} ĝis {last}'", "'{first} ĝis {end}'", "lexicon.hours.days", "there is no `{end}` here"),
        ("clock: { hours: 24", "clock: { hours: 23", "lexicon.hours.clock.hours", "must be 12 or 24"),
        ("near: '{weekday}", "near: '{day_of_week}", "days.near", "there is no `{day_of_week}` here"),
        ("plural: one_other", "plural: one_others", "figures.table.plural", "unknown word `one_others`"),
        ("point: { gender: ''", "point: { gender: she", "figures.table.genders", "there is no gender `she`"),
        ("d30, d31", "d30", "figures.table.dates.days", "a month has 31 days, here are 30"),
        ("language: qaa", "language: q a", "language", "a code is letters"),
    ] {
        let found = mistakes(from, to);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].1 == key && found[0].2.contains(message), "{found:#?}");
    }
}

#[test]
fn a_file_that_is_read_again_is_the_same_language() {
    let read = || Languages::built_in().clone().with(LANGUAGE, "qaa.yaml").unwrap().of("qaa").unwrap();
    assert!(std::ptr::eq(read(), read()), "reading a file again takes no more memory");
    assert!(Languages::built_in().of("qaa").is_none());
}

#[test]
fn a_file_replaces_the_language_of_its_code() {
    let english = LANGUAGE.replacen("language: qaa", "language: en", 1);
    let languages = Languages::built_in().clone().with(&english, "en.yaml").unwrap();
    assert_eq!(languages.codes(), ["cs", "en", "ro"]);
    assert_eq!(languages.of("en").unwrap().figures.spoken("3"), "ti");
}
