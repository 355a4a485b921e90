//! Romanian.

mod codes;
mod dates;
mod money;
mod numbers;
mod times;
mod words;

use super::{Rule, Spoken, Word, groups, is_digits, run, shapes};

pub(super) const RULES: [Rule; 11] = [
    codes::address,
    times::clock,
    money::amount,
    dates::date,
    codes::phone,
    money::percent,
    words::measure,
    words::range,
    codes::code,
    numbers::number,
    words::abbreviation,
];

#[cfg(test)]
mod tests {
    use crate::speakable::speakable;

    /// Each line: what is written, what is said.
    const CASES: &[(&str, &str)] = &[
        ("Deschidem la 9:30.", "Deschidem la nouă și treizeci."),
        ("de la 9 la 18, sâmbăta 10:00-14:00", "de la nouă la optsprezece, sâmbăta zece până la paisprezece"),
        ("la 21:05, 12:00 și 2:15", "la douăzeci și unu și cinci, douăsprezece și două și cincisprezece"),
        ("Comanda 457129 a plecat.", "Comanda patru cinci șapte, unu doi nouă a plecat."),
        ("codul WL-20394", "codul W L, doi zero trei nouă patru"),
        ("codul 0042", "codul zero zero patru doi"),
        (
            "12.50 RON, 12.5 EUR, 1.250 RON",
            "doisprezece lei și cincizeci de bani, doisprezece euro și cincizeci de cenți, o mie două sute cincizeci de lei",
        ),
        ("Costă 12,50 lei.", "Costă doisprezece lei și cincizeci de bani."),
        ("1 leu, 20 RON, 1.250 lei", "un leu, douăzeci de lei, o mie două sute cincizeci de lei"),
        ("€4 sau 50 EUR", "patru euro sau cincizeci de euro"),
        ("0,99 euro", "nouăzeci și nouă de cenți"),
        ("15% din 3,5 kg", "cincisprezece la sută din trei virgulă cinci kilograme"),
        ("1 kg, 20 kg", "un kilogram, douăzeci de kilograme"),
        ("pe 2026-11-22", "pe douăzeci și doi noiembrie două mii douăzeci și șase"),
        ("pe 1.05.2026 sau 12 martie", "pe întâi mai două mii douăzeci și șase sau doisprezece martie"),
        ("Sunați la +40 721 234 567.", "Sunați la plus patru zero, șapte doi unu, doi trei patru, cinci șase șapte."),
        ("Sunați la 0721 234 567", "Sunați la zero șapte doi unu, doi trei patru, cinci șase șapte"),
        ("ana.pop_2@exemplu.ro", "ana punct pop linie jos doi arond exemplu punct ro"),
        ("vedeți www.exemplu.ro/ajutor", "vedeți exemplu punct ro bară ajutor"),
        ("str. Portului nr. 12", "strada Portului numărul doisprezece"),
        ("în 2-3 zile", "în două până la trei zile"),
        ("1 zi, 2 zile, 22 de zile, 101 comenzi", "o zi, două zile, douăzeci și două de zile, o sută una comenzi"),
        ("un milion: 1.000.000, 2.000.000", "un milion: un milion, două milioane"),
        ("21.000 și 312.519", "douăzeci și unu de mii și trei sute douăsprezece mii cinci sute nouăsprezece"),
        ("Sunt -5 grade", "Sunt minus cinci grade"),
        ("„Bună”, a spus (de două ori).", "„Bună”, a spus (de două ori)."),
    ];

    #[test]
    fn what_is_written_becomes_what_is_said() {
        let wrong: Vec<_> = CASES.iter().map(|(text, said)| (speakable(text, "ro"), said)).filter(|(got, said)| got != *said).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn no_digit_is_left_and_no_text_panics() {
        for text in [
            "1:2:3",
            "12:99",
            "99.99.9999",
            "€",
            "%",
            "1,2,3",
            "1.2.3.4",
            "+",
            "--",
            "@",
            "a@",
            "1e9",
            "½",
            "9.",
            "#",
            "20-",
            "-",
            "1/0",
            "ă1",
        ] {
            let said = speakable(text, "ro");
            assert!(!said.contains(|c: char| c.is_ascii_digit()), "{text} became {said}");
        }
    }
}
