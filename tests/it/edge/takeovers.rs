//! Agents' telephones move calls: to another telephone of the same agent (Replaces, RFC 3891), and to somebody whom they have consulted without us
//! (REFER with Replaces, RFC 5589 §7).

use std::{path::Path, time::Duration};

use tempfile::TempDir;
use tokio::time::timeout;

use super::{
    rtp::{Rtp, assert_joined, strength, tone},
    support::{Caller, Edge, PATIENCE, Peer, Request, Taken, joined, line, offer, phones, sound_of},
};
use warmline::{
    call::{
        event::{Event, LegEnd, TransferTo},
        ids::{AgentId, LegId},
    },
    telephony::Person,
};

const AGENT: LegId = LegId(1);
const THIRD: LegId = LegId(2);

/// A caller who is bridged to the agent `maria`, at a telephone that did not register.
struct Bridged {
    edge: Edge,
    // Its socket stays open.
    _calling: Caller,
    /// Our tag in the caller's call.
    tag: String,
    caller: Rtp,
    taken: Taken,
    desk: Peer,
    invite: Request,
    agent: Rtp,
    /// Where it is recorded.
    folder: TempDir,
}

/// The caller's side of a recording and what the caller heard, once these are in it.
async fn recorded(file: &Path, [caller, heard]: [f64; 2]) -> [Vec<i16>; 2] {
    let mut look = tokio::time::interval(Duration::from_millis(50));
    let whole = async {
        loop {
            look.tick().await;
            let Ok(wav) = hound::WavReader::open(file) else { continue };
            let samples: Vec<i16> = wav.into_samples().map_while(Result::ok).collect();
            let [left, right] = [0, 1].map(|side| samples.iter().skip(side).step_by(2).copied().collect::<Vec<_>>());
            if strength(&left, caller) > 0.9 && strength(&right, heard) > 0.9 {
                return [left, right];
            }
        }
    };
    timeout(PATIENCE, whole).await.expect("both are in the recording")
}

impl Bridged {
    async fn start(first_port: u16) -> Self {
        let person = |name: &str| Person { name: name.to_owned(), user: Some(name.to_lowercase()), numbers: None };
        let mut edge = Edge::with(first_port..=first_port + 11, Duration::from_secs(30), |options| {
            // Who may register need not be an agent.
            options.sip.registrar = Some(phones(&["maria", "lobby"]));
            options.people.agents = [("maria".to_owned(), person("Maria")), ("dan".to_owned(), person("Dan"))].into();
        })
        .await;
        let folder = tempfile::tempdir().unwrap();
        edge.recording = Some(folder.path().join("call.wav"));
        let (calling, desk) = (Caller::new(edge.address()).await, Peer::new().await);
        let (mut caller, mut agent) = (Rtp::bind().await, Rtp::bind().await);
        calling.send("INVITE", "moves", 1, "", "", &offer(caller.address(), "0")).await;
        let mut taken = edge.answer().await;
        let answer = calling.answer_to("moves", "1 INVITE").await;
        let tag = calling.confirm("moves", &answer).await;
        caller.to = sound_of(&answer);
        taken.legs.dial(AGENT, (AgentId("maria".to_owned()), desk.uri().to_string()), 20_000, String::new(), None).await;
        let invite = desk.expect("INVITE").await;
        agent.to = sound_of(&invite.text);
        desk.respond(&invite, "200 OK", &offer(agent.address(), "0")).await;
        while !matches!(taken.next().await, Event::LegAnswered { leg: AGENT }) {}
        taken.legs.patch(joined(LegId::CALLER, AGENT));
        desk.expect("ACK").await;
        let mut bridged = Self { edge, _calling: calling, tag, caller, taken, desk, invite, agent, folder };
        assert_joined(&mut bridged.caller, &mut bridged.agent).await;
        bridged
    }

    /// How another telephone of the desk's names the call there.
    fn replaces(&self) -> String {
        let ours = line(&self.invite.text, "From").split_once(";tag=").unwrap().1;
        format!("Replaces: {};to-tag={ours};from-tag={}\r\n", line(&self.invite.text, "Call-ID"), self.desk.tag)
    }

    /// A telephone of this user that registers.
    async fn registered(&self, user: &str) -> Caller {
        Caller::registered(self.edge.address(), user).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agents_other_telephone_takes_the_call_over_and_nobody_elses() {
    let mut call = Bridged::start(17_900).await;
    let replaces = call.replaces();
    let refused = async |phone: &Caller, id: &str, replaces: &str| {
        phone.send("INVITE", id, 1, "", replaces, &phone.offer()).await;
        phone.answer_to(id, "1 INVITE").await[..11].to_owned()
    };
    // A stranger does not learn that there is such a call, one who is no agent may not have it, and nobody may have the caller's place.
    assert_eq!(refused(&Caller::new(call.edge.address()).await, "stranger", &replaces).await, "SIP/2.0 481");
    assert_eq!(refused(&call.registered("lobby").await, "no-agent", &replaces).await, "SIP/2.0 403");
    let mobile = call.registered("maria").await;
    let of_the_caller = format!("Replaces: moves;to-tag={};from-tag=fmoves\r\n", call.tag);
    assert_eq!(refused(&mobile, "the-caller", &of_the_caller).await, "SIP/2.0 403");
    assert_eq!(refused(&mobile, "nothing", "Replaces: nothing;to-tag=a;from-tag=b\r\n").await, "SIP/2.0 481");
    assert_joined(&mut call.caller, &mut call.agent).await;

    let mut sound = Rtp::bind().await;
    mobile.send("INVITE", "mobile", 1, "", &replaces, &offer(sound.address(), "0")).await;
    let answer = mobile.answer_to("mobile", "1 INVITE").await;
    assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
    mobile.confirm("mobile", &answer).await;
    sound.to = sound_of(&answer);
    let bye = call.desk.expect("BYE").await;
    assert_eq!(line(&bye.text, "Reason"), "SIP;cause=200;text=\"Call completed elsewhere\"");
    call.desk.respond(&bye, "200 OK", "").await;
    // The same leg as before: it is the same agent's, and the call goes on.
    let taken_over = Event::LegTakenOver { leg: AGENT, agent: AgentId("maria".to_owned()), name: "Maria".to_owned() };
    while call.taken.next().await != taken_over {}
    assert_joined(&mut call.caller, &mut sound).await;
    // So does the recording, with the sound of that telephone. Packets go across as they come: it is a clock that sets the pace here.
    let mut clock = tokio::time::interval(Duration::from_millis(20));
    for _ in 0..50 {
        clock.tick().await;
        call.caller.drain();
        call.caller.say(tone(440.0)).await;
        sound.talk(1, tone(1_700.0)).await;
    }
    // What the call asks of the leg is asked of that telephone now.
    call.taken.legs.hang_up(AGENT).await;
    assert!(mobile.hears().await.starts_with("BYE"));
    drop(call.taken);
    let [caller, _] = recorded(&call.folder.path().join("call.wav"), [440.0, 1_700.0]).await;
    assert!(strength(&caller, 1_700.0) < 0.1, "each on their own side");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agents_telephone_hands_the_caller_on_to_whom_it_has_consulted() {
    let mut call = Bridged::start(17_912).await;
    let dan = Peer::new().await;
    // The desk has Dan on another line, a call that we know nothing of.
    let refer_to = format!("Refer-To: <sip:dan@{}?Replaces=consulted%40desk%3Bto-tag%3Dd1%3Bfrom-tag%3Dm1>\r\n", dan.address());
    call.desk.says(&call.invite, "REFER", &refer_to).await;
    let replaces = Some("consulted@desk;to-tag=d1;from-tag=m1".to_owned());
    let to = TransferTo::Agent { agent: AgentId("dan".to_owned()), replaces: replaces.clone() };
    let asked = Event::TransferAsked { leg: AGENT, to };
    while call.taken.next().await != asked {}
    call.taken.legs.answer_transfer(AGENT, true).await;
    call.desk.expect("SIP/2.0 202").await;
    let progress = call.desk.expect("NOTIFY").await;
    assert!(progress.text.ends_with("SIP/2.0 100 Trying\r\n"), "{}", progress.text);
    call.desk.respond(&progress, "200 OK", "").await;

    let target = format!("sip:dan@{}", dan.address());
    call.taken.legs.dial(THIRD, (AgentId("dan".to_owned()), target), 20_000, String::new(), replaces).await;
    let (invite, mut sound) = (dan.expect("INVITE").await, Rtp::bind().await);
    assert_eq!(line(&invite.text, "Replaces"), "consulted@desk;to-tag=d1;from-tag=m1");
    sound.to = sound_of(&invite.text);
    dan.respond(&invite, "200 OK", &offer(sound.address(), "0")).await;
    while !matches!(call.taken.next().await, Event::LegAnswered { leg: THIRD }) {}
    call.taken.legs.patch(joined(LegId::CALLER, THIRD));
    call.taken.legs.transfer_done(AGENT, true).await;
    let done = call.desk.expect("NOTIFY").await;
    assert!(done.text.ends_with("SIP/2.0 200 OK\r\n") && line(&done.text, "Subscription-State").starts_with("terminated"), "{}", done.text);
    call.desk.respond(&done, "200 OK", "").await;
    assert_joined(&mut call.caller, &mut sound).await;
    call.desk.says(&call.invite, "BYE", "").await;
    while call.taken.next().await != (Event::LegEnded { leg: AGENT, why: LegEnd::HungUp }) {}
    assert_joined(&mut call.caller, &mut sound).await;
}
