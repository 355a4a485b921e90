//! Days, times and amounts as services give them, as they are said.

use jiff::{
    civil::{Date, date},
    tz::TimeZone,
};
use warmline::call::language::{Languages, days::Today};
use warmline_models::speakable;

const TODAY: Date = date(2026, 11, 25);

/// What the voice of a language is given for a text.
fn said(text: &str, language: &str) -> String {
    let zone = TimeZone::get("Europe/Bucharest").unwrap();
    speakable(&Languages::built_in().of(language).unwrap().spoken(text, &Today { date: TODAY, zone }), language)
}

fn check(language: &str, cases: &[(&str, &str)]) {
    let wrong: Vec<_> = cases.iter().map(|(text, wanted)| (said(text, language), wanted)).filter(|(got, wanted)| got != *wanted).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn in_english() {
    check(
        "en",
        &[
            ("should be with you on 2026-11-29.", "should be with you on Sunday the twenty ninth of November."),
            ("by 2026-12-01, I hope", "by Tuesday the first of December, I hope"),
            ("It came on 2026-06-03.", "It came on Wednesday the third of June."),
            // Further away: the year, and no weekday.
            ("until 2027-11-29", "until November twenty ninth, twenty twenty seven"),
            ("at 2026-11-29T17:00:00", "at Sunday the twenty ninth of November at five pee em"),
            // Where the caller is, not where the service is.
            ("(2026-11-29T22:30:00Z)", "(Monday the thirtieth of November at twelve thirty ay em)"),
            ("2026-11-29T17:05:00.000+02:00", "Sunday the twenty ninth of November at five oh five pee em"),
            ("between 09:30:00 and 17:00", "between nine thirty and five pee em"),
            ("You owe 1249.5 EUR.", "You owe one thousand two hundred forty nine euros and fifty cents."),
            ("Order 457129", "Order four five seven, one two nine"),
        ],
    );
}

#[test]
fn in_romanian() {
    check(
        "ro",
        &[
            ("ar trebui să ajungă pe 2026-11-29.", "ar trebui să ajungă pe duminică, douăzeci și nouă noiembrie."),
            ("până la 2026-12-01", "până la marți, întâi decembrie"),
            ("până în 2027-11-29", "până în douăzeci și nouă noiembrie două mii douăzeci și șapte"),
            ("2026-11-29T17:00", "duminică, douăzeci și nouă noiembrie, la șaptesprezece"),
            ("de plată: 1249.5 RON", "de plată: o mie două sute patruzeci și nouă de lei și cincizeci de bani"),
            ("la 17:00:00", "la șaptesprezece"),
            ("Comanda 457129", "Comanda patru cinci șapte, unu doi nouă"),
        ],
    );
}

#[test]
fn in_czech() {
    check(
        "cs",
        &[
            ("měla by dorazit 2026-11-29.", "měla by dorazit v neděli dvacátého devátého listopadu."),
            ("do 2026-12-01", "do úterý prvního prosince"),
            ("do 2026-12-02", "do středy druhého prosince"),
            ("je na 2026-12-02.", "je na středu druhého prosince."),
            ("dorazí 2027-11-29", "dorazí dvacátého devátého listopadu dva tisíce dvacet sedm"),
            ("2026-11-29T17:00", "v neděli dvacátého devátého listopadu, čas sedmnáct hodin"),
            ("stojí 1249.5 CZK", "stojí tisíc dvě stě čtyřicet devět korun padesát haléřů"),
            ("v 17:00:00", "v sedmnáct hodin"),
            ("Objednávka 457129", "Objednávka čtyři pět sedm, jedna dva devět"),
        ],
    );
}
