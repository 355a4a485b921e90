//! What is at the other end of a call, by its real sound: a person, an answering machine, a fax, a line that was hung up.

use std::{path::Path, time::Duration};

use warmline::{
    call::{
        event::{Event, FarEndSign},
        ids::LegId,
        media::patch::Under,
    },
    phone::Sound,
};

use super::{early::Ringing, rtp::cadence};

const AGENT: LegId = LegId(1);

/// One of the recordings of speech, without the silence around it.
fn recorded(number: u8) -> Vec<i16> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/speech/{number:02}.wav"));
    let bytes = std::fs::read(path).unwrap();
    let data = bytes.windows(4).position(|word| word == b"data").unwrap() + 8;
    let mut samples = vec![0; bytes.len() - data];
    warmline_sip::codec::Law::Mu.decode(&bytes[data..], &mut samples);
    let loud = |sample: &i16| sample.abs() > 1_000;
    let (first, last) = (samples.iter().position(loud).unwrap(), samples.iter().rposition(loud).unwrap());
    samples[first..last].to_vec()
}

fn silence(ms: u32) -> Vec<i16> {
    Sound::silence(ms).samples
}

fn tone(hz: f64, ms: u32) -> Vec<i16> {
    Sound::tone(hz, ms).samples
}

/// The next sign at a leg.
async fn sign(ringing: &mut Ringing) -> (LegId, FarEndSign) {
    loop {
        if let Event::FarEnd { leg, sign } = ringing.taken.next().await {
            return (leg, sign);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answering_machine_is_known_by_its_greeting_and_its_beep_whether_it_sends_its_pauses_or_not() {
    // The last beep could be the beginning of a busy tone, if nothing were heard of the pause after it.
    for (sparing, hz, ports) in [(false, 1_000.0, 17_750..=17_757), (true, 1_000.0, 17_760..=17_767), (false, 425.0, 17_770..=17_777)] {
        let mut ringing = Ringing::start(ports, Duration::from_secs(30), Under::Nothing).await;
        ringing.answer().await;
        let greeting = [silence(400), recorded(1), recorded(2), silence(600), tone(hz, 400), silence(1_500)].concat();
        ringing.rtp.play(&greeting, sparing).await;
        assert_eq!(sign(&mut ringing).await, (AGENT, FarEndSign::MachineSuspected));
        assert_eq!(sign(&mut ringing).await, (AGENT, FarEndSign::Beep), "{hz} Hz");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_says_a_word_and_waits_is_no_machine() {
    let mut ringing = Ringing::start(17_780..=17_787, Duration::from_secs(30), Under::Nothing).await;
    ringing.answer().await;
    let word = &recorded(3)[..6_400];
    // What follows the pause is long; whoever did not notice the pause would take it for a part of the greeting.
    ringing.rtp.play(&[silence(400), word.to_vec(), silence(3_000), recorded(4)].concat(), true).await;
    ringing.taken.legs.hang_up(AGENT).await;
    ringing.calling.send("BYE", "early", 2, &ringing.tag, "", "").await;
    loop {
        match ringing.taken.next().await {
            Event::FarEnd { leg, sign } => panic!("{leg:?} {sign:?}"),
            Event::LegEnded { leg: LegId::CALLER, .. } => break,
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn faxes_are_known_by_their_tones_on_either_side_and_a_line_that_was_hung_up_by_the_networks() {
    // A fax that calls: 1,100 Hz for half a second, every three and a half (ITU-T T.30).
    let mut ringing = Ringing::start(17_790..=17_797, Duration::from_secs(30), Under::Nothing).await;
    let call = [tone(1_100.0, 500), silence(3_000)].concat();
    ringing.caller.play(&call.repeat(2), false).await;
    assert_eq!(sign(&mut ringing).await, (LegId::CALLER, FarEndSign::Fax));
    // One that answers: 2,100 Hz for three seconds.
    ringing.answer().await;
    ringing.rtp.play(&[silence(500), tone(2_100.0, 3_000), silence(200)].concat(), false).await;
    assert_eq!(sign(&mut ringing).await, (AGENT, FarEndSign::Fax));

    let mut ringing = Ringing::start(17_800..=17_807, Duration::from_secs(30), Under::Nothing).await;
    ringing.answer().await;
    ringing.rtp.talk(200, cadence(425.0, 500, 500)).await;
    assert_eq!(sign(&mut ringing).await, (AGENT, FarEndSign::NetworkTone));
}
