//! A further language needs only files: a folder with one of them and a flow carries a whole conversation.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use warmline::{
    call::{
        flow::{
            Flow,
            rehearse::{Cue, Rehearsal},
            step::Step,
        },
        time::WallTime,
        understanding::{Before, Scored, Understanding},
    },
    languages,
};

const LANGUAGE: &str = include_str!("../../data/languages/qaa.yaml");
const FLOW: &str = include_str!("../../data/languages/support.qaa.yaml");

/// `flows/support.qaa.yaml` with `languages/qaa.yaml` beside its folder.
fn written(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    for (file, text) in [("languages/qaa.yaml", LANGUAGE), ("flows/support.qaa.yaml", FLOW)] {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder.join("flows/support.qaa.yaml")
}

fn flow(path: &Path) -> Arc<Flow> {
    let languages = languages::of_flow(path).unwrap();
    let text = fs::read_to_string(path).unwrap();
    Arc::new(Flow::parse_in(&text, "support.qaa.yaml", &languages).unwrap_or_else(|mistakes| panic!("{mistakes:#?}")))
}

/// What the sentences of the conversation mean: the models are no part of this test.
fn understand(_: &Before, said: &str) -> Understanding {
    let meant = [("komando", "order"), ("malfermu", "opening")].into_iter().find(|(word, _)| said.contains(word));
    let intents = meant.map(|(_, intent)| Scored { name: intent.to_owned(), score: 0.95 }).into_iter().collect();
    Understanding { intents, ..Understanding::default() }
}

fn said(steps: &[Step]) -> String {
    let said = steps.iter().filter_map(|step| if let Step::Say { text, .. } = step { Some(text.as_str()) } else { None });
    said.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_language_that_nobody_speaks_carries_a_conversation() {
    let flow = flow(&written("fourth"));
    let monday_at_ten = WallTime { day: 20_780, ms_of_day: 10 * 3_600_000 };
    let mut call = Rehearsal::new(&flow, monday_at_ten, &understand);
    assert_eq!(said(&call.start()), "Alu, mi estu roboto. Kio volo?");
    let mut says = |text: &str| call.cue(&Cue::Says(text.to_owned()));
    assert_eq!(said(&says("Kie mia komando?").steps), "Kiu numro?");
    // A number with a correction, and with an accent that is not heard.
    assert_eq!(said(&says("Ko lu nul, oi, ko lu ve, pa re nö.").steps), "Mi audu 4 5 7 1 2 9. Cu ema?");
    assert_eq!(said(&says("Ema.").steps), "Jen 457129. Cu plu?");
    assert_eq!(said(&says("Kiam vi malfermu sab?").steps), "Ën sab ni malfermu de 10:00 ĝis 14:30. Cu plu?");
    assert_eq!(said(&says("Kiam vi malfermu?").steps), "Ni malfermu lun ĝis ven de 9:00 ĝis 18:00 kaj sab de 10:00 ĝis 14:30. Cu plu?");
    assert_eq!(said(&says("Re diru.").steps), "Ni malfermu lun ĝis ven de 9:00 ĝis 18:00 kaj sab de 10:00 ĝis 14:30. Cu plu?");
    let denied = says("Mi ne paroli kun homo.");
    assert_eq!(denied.human, None, "what is denied is no wish");
    let last = says("Mi volo paroli kun homo.");
    assert_eq!(last.human.map(|human| human.queue).as_deref(), Some("general"));
    assert_eq!(last.decision.reasons.first().map(String::as_str), Some("asked_for_human"));
}

#[test]
fn its_figures_are_read_aloud_by_its_table() {
    let flow = flow(&written("fourth_read"));
    for (text, spoken) in [
        ("Jen 21 kr kaj 1 kr.", "Jen pakiredek kronoj kaj pa krono."),
        ("de 9:00 ĝis 18:30", "de nö horoj ĝis dekmo horoj tidek"),
        ("Komando 457129.", "Komando ko lu ve, pa re nö."),
    ] {
        assert_eq!(flow.pronounced(text, 0), spoken);
    }
    // In the first days of 1970, a Thursday.
    let near = flow.pronounced("1970-01-05 ĝis 1970-01-06", 0);
    assert!(near.starts_with("lun ") && near.contains(" ĝis maren "), "{near}");
}

#[test]
fn the_configuration_reads_the_folder_that_it_names() {
    let flow = written("fourth_config");
    let folder = flow.parent().unwrap().parent().unwrap();
    let configuration = |languages: &str| {
        let path = folder.join("warmline.yaml");
        let route = "routes: [{ called: \"*\", flow: flows/support.qaa.yaml }]";
        let agent = "agents: { ana: { name: Ana, target: browser, queues: [general] } }";
        let text = format!("{route}\nspeech: {{ languages: {languages} }}\n{agent}\n");
        fs::write(&path, text).unwrap();
        warmline::config::Config::load(&path).map_err(|error| error.to_string())
    };
    let loaded = configuration("languages").unwrap();
    assert_eq!(loaded.flows().next().unwrap().language, "qaa");
    let missing = configuration("elsewhere").unwrap_err();
    assert!(missing.contains("warmline.yaml:2") && missing.contains("there is no such folder (at speech.languages)"), "{missing}");
    assert!(missing.contains("no lexicon for the language `qaa`") && missing.contains("cs, en, ro"), "{missing}");
}
