//! English.

mod codes;
mod dates;
mod money;
mod numbers;
mod times;
mod words;

use super::{Rule, Spoken, Word, groups, is_digits, run, shapes};

pub(super) const RULES: [Rule; 12] = [
    codes::address,
    times::clock,
    money::amount,
    dates::date,
    codes::phone,
    dates::ordinal,
    words::ratio,
    words::range,
    money::percent,
    codes::code,
    numbers::number,
    words::abbreviation,
];

#[cfg(test)]
mod tests {
    use crate::speakable::speakable;

    /// Each line: what is written, what is said.
    const CASES: &[(&str, &str)] = &[
        ("We open at 9:30.", "We open at nine thirty."),
        ("From 9:00 to 17:00, closed 13:05.", "From nine o'clock to five pee em, closed one oh five pee em."),
        ("at 9:30 am or 5 pm or 8a.m. sharp", "at nine thirty ay em or five pee em or eight ay em sharp"),
        ("open 9:00-14:00", "open nine o'clock to two pee em"),
        ("Order 457129 was sent.", "Order four five seven, one two nine was sent."),
        ("number 12345678", "number one two three four, five six seven eight"),
        ("ref WL-20394.", "ref double-u ell, two oh three nine four."),
        ("code 0042", "code zero zero four two"),
        ("It costs €12.50, not $1,250.", "It costs twelve euros and fifty cents, not one thousand two hundred fifty dollars."),
        ("12.5 EUR, 0.5 USD", "twelve euros and fifty cents, fifty cents"),
        ("£1 or 3 USD or $2.5 million", "one pound or three dollars or two point five million dollars"),
        ("15% of 3.5 kg", "fifteen percent of three point five kilograms"),
        ("on March 12, 2026", "on March twelfth, twenty twenty six"),
        ("on 2026-11-22 or 22.11.2026", "on November twenty second, twenty twenty six or November twenty second, twenty twenty six"),
        ("the 1st, 2nd and 23rd", "the first, second and twenty third"),
        ("on 3 May", "on the third of May"),
        ("since 1999 and in 2005", "since nineteen ninety nine and in two thousand five"),
        ("Call +40 721 234 567.", "Call plus four zero, seven two one, two three four, five six seven."),
        ("Call 555-0142 now", "Call five five five, zero one four two now"),
        ("Write to j.smith_2@example.com.", "Write to j dot smith underscore two at example dot com."),
        ("see www.example.com/help", "see example dot com slash help"),
        ("Mr. Jones & Dr. Smith, e.g. no. 5", "Mister Jones and Doctor Smith, for example number five"),
        ("24/7, Mon-Fri, 2-3 days", "twenty four seven, Monday to Friday, two to three days"),
        ("You have 3 items and 110 points", "You have three items and one hundred ten points"),
        ("\"Hello,\" she said (twice).", "\"Hello,\" she said (twice)."),
        ("Is it -5 degrees?", "Is it minus five degrees?"),
    ];

    #[test]
    fn what_is_written_becomes_what_is_said() {
        let wrong: Vec<_> = CASES.iter().map(|(text, said)| (speakable(text, "en"), said)).filter(|(got, said)| got != *said).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn no_digit_is_left_and_no_text_panics() {
        for text in
            ["1:2:3", "12:99", "99/99/9999", "€", "%", "1,2,3", "1.2.3.4", "+", "--", "@", "a@", "1e9", "½", "9.", "#", "20-", "-", "1/0"]
        {
            let said = speakable(text, "en");
            assert!(!said.contains(|c: char| c.is_ascii_digit()), "{text} became {said}");
        }
        assert_eq!(speakable("v 17:00", "cs"), "v 17:00");
    }
}
