//! Czech: its readers, and its figures as they are read aloud.

use jiff::civil::{Date, date};
use warmline::call::{
    flow::{
        definition::{DigitsDef, ReadDef},
        lexicon,
        slot::{Reader, Reading},
    },
    language::Languages,
};

const TODAY: Date = date(2026, 11, 23);

fn read(kind: ReadDef, said: &str) -> Option<String> {
    match Reader::new(kind, None).read(said, "", TODAY, lexicon::of("cs").unwrap()) {
        Reading::Value { value, .. } => Some(value),
        Reading::Part { .. } | Reading::Nothing => None,
    }
}

#[test]
fn six_digits_however_they_are_said() {
    for said in [
        "čtyři pět sedm jedna dva devět",
        "Číslo objednávky je čtyři, pět, sedm, jedna, dva, devět.",
        "pětačtyřicet jedenasedmdesát devětadvacet",
        "čtyřicet pět, sedmdesát jedna, dvacet devět",
        "čtyři sta padesát sedm, sto dvacet devět",
        "čtyři sta padesát sedm tisíc sto dvacet devět",
        "čtyři pět osm, ne, čtyři pět sedm jedna dva devět",
        "457 129",
    ] {
        assert_eq!(read(ReadDef::Digits(DigitsDef { least: 6, most: 6 }), said).as_deref(), Some("457129"), "{said}");
    }
}

#[test]
fn values_as_people_say_them() {
    for (kind, said, is) in [
        (ReadDef::Date, "zítra", "2026-11-24"),
        (ReadDef::Date, "v sobotu", "2026-11-28"),
        (ReadDef::Date, "dvacátého pátého prosince", "2026-12-25"),
        (ReadDef::Date, "pátého ledna", "2027-01-05"),
        (ReadDef::Date, "za tři dny", "2026-11-26"),
        (ReadDef::Date, "za týden", "2026-11-30"),
        (ReadDef::Time, "v devět hodin ráno", "09:00"),
        (ReadDef::Time, "v pět odpoledne", "17:00"),
        (ReadDef::Time, "ve čtvrt na devět", "08:15"),
        (ReadDef::Time, "v půl deváté", "08:30"),
        (ReadDef::Time, "tři čtvrtě na devět", "08:45"),
        (ReadDef::Time, "v poledne", "12:00"),
        (ReadDef::Money, "dvanáct korun padesát haléřů", "12.50 CZK"),
        (ReadDef::Money, "sto dvacet pět korun", "125.00 CZK"),
        (ReadDef::Email, "jana tečka novak zavináč example tečka cz", "jana.novak@example.cz"),
        (ReadDef::Name, "Jmenuji se Jana Nováková.", "Jana Nováková"),
    ] {
        assert_eq!(read(kind, said).as_deref(), Some(is), "{said}");
    }
}

#[test]
fn what_is_written_becomes_what_is_said() {
    let figures = &Languages::built_in().of("cs").unwrap().figures;
    let wrong: Vec<_> = [
        ("Otevíráme v 9:30.", "Otevíráme v devět hodin třicet minut."),
        ("od 9:00 do 18:00, v sobotu 10:00-14:30", "od devíti hodin do osmnácti hodin, v sobotu deset hodin až čtrnáct hodin třicet minut"),
        ("do 1:00 nebo do 21:05", "do jedné hodiny nebo do dvaceti jedné hodin pěti minut"),
        ("Objednávka 457129 je na cestě.", "Objednávka čtyři pět sedm, jedna dva devět je na cestě."),
        ("kód WL-20394", "kód W L, dva nula tři devět čtyři"),
        ("Stojí 12,50 Kč, 1 Kč, 2 Kč nebo 5 Kč.", "Stojí dvanáct korun padesát haléřů, jedna koruna, dvě koruny nebo pět korun."),
        ("12.50 CZK, 12.5 €", "dvanáct korun padesát haléřů, dvanáct eur padesát centů"),
        ("1 250 Kč a 1.250 Kč", "tisíc dvě stě padesát korun a tisíc dvě stě padesát korun"),
        ("€4, 2 €", "čtyři eura, dvě eura"),
        ("15% z 3,5 kg", "patnáct procent z tři celé pět kilogramu"),
        ("2 objednávky, 1 balík, 21 dní", "dvě objednávky, jeden balík, dvacet jeden dní"),
        (
            "dorazí 27. 11. 2026 nebo 2026-12-01",
            "dorazí dvacátého sedmého listopadu dva tisíce dvacet šest nebo prvního prosince dva tisíce dvacet šest",
        ),
        ("V pátek 25. prosince máme zavřeno", "V pátek dvacátého pátého prosince máme zavřeno"),
        ("Volejte +420 721 234 567.", "Volejte plus čtyři dva nula, sedm dva jedna, dva tři čtyři, pět šest sedm."),
        ("jana.n@example.cz", "jana tečka n zavináč example tečka cz"),
        ("za 2-3 dny", "za dva až tři dny"),
        ("2.000.000 a 5.000", "dva miliony a pět tisíc"),
        ("např. ul. Dlouhá č. 5", "například ulice Dlouhá číslo pět"),
        ("-5 stupňů (asi).", "mínus pět stupňů (asi)."),
    ]
    .into_iter()
    .map(|(text, said)| (figures.spoken(text), said))
    .filter(|(got, said)| got != said)
    .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_digit_is_left_and_no_text_panics() {
    let figures = &Languages::built_in().of("cs").unwrap().figures;
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
        "9.",
        "#",
        "20-",
        "-",
        "1/0",
        "ž1",
        "999999999999999999999",
        "3. 4.",
        "0,",
        ",5",
    ] {
        let said = figures.spoken(text);
        assert!(!said.contains(|c: char| c.is_ascii_digit()), "{text} became {said}");
    }
}
