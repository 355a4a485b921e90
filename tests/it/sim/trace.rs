//! A call as lines that a person can read: `<` is what happened to it, `>` is what it did, `=` is what it wrote down.

use warmline::call::{
    action::Action,
    ids::LegId,
    media::{
        patch::{Patch, Under},
        playout::Loudness,
    },
    record::{Decision, HandoffStep, InquiryStep, Owner, ThirdStep, What},
};

pub(crate) fn leg(leg: LegId) -> String {
    if leg == LegId::CALLER { "caller".to_owned() } else { format!("agent {}", leg.0) }
}

/// The line of an action; none for what would only be noise.
pub(crate) fn action(action: &Action) -> Option<String> {
    Some(match action {
        Action::Answer { .. } => "> answer".to_owned(),
        Action::Reject { status, .. } => format!("> reject {status}"),
        Action::Dial { leg: to, agent, replaces, .. } => {
            let place = replaces.as_ref().map(|call| format!(" in place of {call}")).unwrap_or_default();
            format!("> dial {} as {}{place}", agent.0, leg(*to))
        }
        Action::CallBack { target, .. } => format!("> ring the caller at {target}"),
        Action::Transfer { leg: whose, target, replaces, .. } => {
            let place = replaces.map(|other| format!(" in place of {}", leg(other))).unwrap_or_default();
            format!("> transfer {} to {target}{place}", leg(*whose))
        }
        Action::AnswerTransfer { leg: whose, granted: true } => format!("> let {} hand on", leg(*whose)),
        Action::AnswerTransfer { leg: whose, granted: false } => format!("> refuse {} to hand on", leg(*whose)),
        Action::TransferDone { leg: whose, connected } => {
            format!("> tell {} {}connected", leg(*whose), if *connected { "" } else { "not " })
        }
        Action::HangUp { leg: which } => format!("> hang up {}", leg(*which)),
        Action::Patch(which) => format!("> patch {}", patch(which)),
        Action::Speak { leg: to, clauses, .. } => format!("> {}: {}", leg(*to), clauses.join(" | ")),
        Action::StopSpeaking { .. } => "> stop speaking".to_owned(),
        Action::Loudness { loudness: Loudness::Ducked, .. } => "> speak lower".to_owned(),
        Action::Loudness { loudness: Loudness::Paused, .. } => "> be still".to_owned(),
        Action::Loudness { loudness: Loudness::Full, .. } => "> speak up".to_owned(),
        Action::HoldIn { language } => format!("> hold in {language}"),
        Action::Pace { percent } => format!("> speak at {percent} %"),
        Action::Transcribe { leg: whose, from, to, .. } => format!("> transcribe {} {}..{}", leg(*whose), from.0, to.0),
        Action::WriteDown { leg: whose, from, to, .. } => format!("> write down {} {}..{}", leg(*whose), from.0, to.0),
        Action::AskedFor { question, .. } => format!("> what is {question:?} after"),
        Action::Understand { text, .. } => format!("> understand {text:?}"),
        Action::LookUp { request, .. } => format!("> look up {}", request.url),
        Action::LookUpCaller { number, .. } => format!("> look up the caller {number}"),
        Action::FindAgent { queue, not, .. } => {
            format!("> find agent for {queue}, not {}", not.iter().map(|agent| agent.0.as_str()).collect::<Vec<_>>().join(" "))
        }
        Action::LeaveQueue { .. } => "> leave queue".to_owned(),
        Action::ReleaseAgent { agent, after } => format!("> release {} {after:?}", agent.0),
        Action::End { outcome } => format!("> end {outcome:?}"),
        Action::Private { on } => format!("> private {}", if *on { "on" } else { "off" }),
        Action::Unrecord => "> unrecord".to_owned(),
        Action::Strike { from, to } => format!("> strike {}..{}", from.0, to.0),
        Action::Record(entry) => return record(&entry.what),
        Action::Prepare { .. } | Action::Forget { .. } => return None,
    })
}

fn patch(patch: &Patch) -> String {
    let ears: Vec<String> = patch
        .ears
        .iter()
        .map(|ear| {
            let under = match ear.under {
                Under::Nothing => "",
                Under::Hold => "~hold",
                Under::Ringback => "~ringback",
                Under::Bell => "~bell",
            };
            let hears: String = ear.hears.iter().map(|heard| format!("<{}", leg(*heard))).collect();
            format!("{}{under}{hears}", leg(ear.leg))
        })
        .collect();
    let listen: Vec<String> = patch.listen.iter().map(|which| leg(*which)).collect();
    let written: Vec<String> = patch.written.iter().map(|which| leg(*which)).collect();
    let written = if written.is_empty() { String::new() } else { format!(" write [{}]", written.join(", ")) };
    format!("[{}] listen [{}]{written}", ears.join(", "), listen.join(", "))
}

fn record(what: &What) -> Option<String> {
    Some(match what {
        What::CallsBack { of } => format!("= calls back for {}", of.0),
        What::Owner { owner } => format!("= owner {}", self::owner(owner)),
        What::Notice { notice } => format!("= notice {notice}"),
        What::Language { language, .. } => format!("= language {language}"),
        What::CallerTurn { turn, text, .. } => format!("= turn {turn} {text:?}"),
        What::BotTurn { interrupted: true, heard, .. } => format!("= interrupted, heard {heard:?}"),
        What::AgentTurn { agent, text, .. } => format!("= {} says {text:?}", agent.0),
        What::AskedAgain { agent, about, question, .. } => format!("= {} asks again for {about}: {question:?}", agent.0),
        What::Fact { fact } => format!("= fact {} {} {}", fact.name, fact.value, if fact.confirmed { "confirmed" } else { "unconfirmed" }),
        What::Consent { to, answer } => format!("= consent {to} {answer:?}"),
        What::Redacted { kinds, .. } => format!("= redacted {}", kinds.join(" ")),
        What::Tried { line } => format!("= answered {line}"),
        What::LookUp { name, ok, .. } => format!("= look-up {name} {}", if *ok { "ok" } else { "failed" }),
        What::Decision { decision: Decision { escalate: true, reasons, .. } } => format!("= decision human ({})", reasons.join(" ")),
        What::Handoff { step } => format!("= {}", handoff(step)),
        What::Supervised { who, did, .. } => format!("= supervisor {} {did:?}", who.0),
        What::FarEnd { who, sign } => format!("= on the {who:?}'s line: {sign:?}"),
        What::Quality { who, quality } => format!("= the {who:?}'s line: {} {:.1}", quality.codec, quality.mos),
        What::Cause { who, cause } => format!("= the {who:?}'s line: SIP {:?}, Q.850 {:?}", cause.sip, cause.q850),
        What::Trouble { what_failed, then } => format!("= trouble {what_failed}: {then}"),
        What::Ended { outcome } => format!("= ended {outcome:?}"),
        What::Arrived { .. }
        | What::Answered
        | What::Hearing { .. }
        | What::Private { .. }
        | What::Key { .. }
        | What::BotTurn { .. }
        | What::Evidence { .. }
        | What::Decision { .. } => return None,
    })
}

fn owner(owner: &Owner) -> String {
    match owner {
        Owner::Bot => "bot".to_owned(),
        Owner::Queue { queue } => format!("queue {queue}"),
        Owner::Agent { agent, .. } => format!("agent {}", agent.0),
        Owner::Ended => "nobody".to_owned(),
    }
}

fn handoff(step: &HandoffStep) -> String {
    match step {
        HandoffStep::Started { queue, summary } => format!("handoff to {queue}: {}", summary.spoken.join(" | ")),
        HandoffStep::Waiting { position, .. } => format!("waiting at {position}"),
        HandoffStep::Offered { agent, .. } => format!("offered to {}", agent.0),
        HandoffStep::Ringing { agent } => format!("{} rings", agent.0),
        HandoffStep::Briefing { agent } => format!("{} is briefed", agent.0),
        HandoffStep::OfferEnded { agent, outcome } => format!("offer to {} {outcome:?}", agent.0),
        HandoffStep::Closed { queue } => format!("{queue} is closed"),
        HandoffStep::CallerTold { text } => format!("told {text:?}"),
        HandoffStep::Bridged { agent, longest_silence_ms, .. } => format!("bridged with {}, longest silence {longest_silence_ms}", agent.0),
        HandoffStep::Transferring { agent } => format!("transferring to {}", agent.0),
        HandoffStep::TransferEnded { agent, outcome } => format!("transfer to {} {outcome:?}", agent.0),
        HandoffStep::TransferAsked { agent, to } => format!("{} hands on to {to}", agent.0),
        HandoffStep::BackToAgent { agent } => format!("{} has the caller back", agent.0),
        HandoffStep::TakenOver { agent, .. } => format!("taken over by {}", agent.0),
        HandoffStep::CallerRung => "the caller is rung".to_owned(),
        HandoffStep::CallerNotReached { why } => format!("not reached: {why:?}"),
        HandoffStep::CallbackPromised { number } => format!("callback to {number}"),
        HandoffStep::Voicemail { from, to, text } => format!("message {}..{} {text:?}", from.0, to.0),
        HandoffStep::Briefed { agent, repeats, .. } => format!("{} was told, repeats {repeats}", agent.0),
        HandoffStep::BriefingFailed { agent, instead } => format!("{} cannot be told: {instead:?}", agent.0),
        HandoffStep::Chose { agent, choice, by, words } => {
            let words = words.as_ref().map(|words| format!(": {words:?}")).unwrap_or_default();
            format!("{} chooses {choice:?} by {by:?}{words}", agent.0)
        }
        HandoffStep::Held { agent, held } => format!("{} {}", agent.0, if *held { "holds" } else { "is back" }),
        HandoffStep::Muted { agent, muted } => format!("{} is {}", agent.0, if *muted { "muted" } else { "heard again" }),
        HandoffStep::Introduced { agent, whole } => format!("{} is introduced{}", agent.0, if *whole { "" } else { ", in part" }),
        HandoffStep::Inquiry { inquiry } => self::inquiry(inquiry),
        HandoffStep::Third { agent, third } => self::third(&agent.0, third),
        HandoffStep::SentToBot { agent, node } => format!("{} sends the caller to {}", agent.0, node.as_deref().unwrap_or("the bot")),
        HandoffStep::Ended { outcome, .. } => format!("handoff {outcome:?}"),
    }
}

fn inquiry(step: &InquiryStep) -> String {
    match step {
        InquiryStep::Asked { queue, question, .. } => format!("asks {queue}: {question}"),
        InquiryStep::SaidBack { agent } => format!("said back to {}", agent.0),
        InquiryStep::NotUnderstood { agent } => format!("{} is not understood", agent.0),
        InquiryStep::Answered { agent, text, choice, by, .. } => {
            format!("{} answers by {by:?} ({}): {text}", agent.0, choice.as_deref().unwrap_or("other"))
        }
        InquiryStep::Ended { outcome, longest_silence_ms, .. } => format!("asked {outcome:?}, longest silence {longest_silence_ms}"),
    }
}

fn third(agent: &str, third: &ThirdStep) -> String {
    match third {
        ThirdStep::Asked { to, adds: false } => format!("{agent} consults {to}"),
        ThirdStep::Asked { to, adds: true } => format!("{agent} adds {to}"),
        ThirdStep::Offered { who, by, .. } => format!("{} is rung for {by}", who.0),
        ThirdStep::Answered { who } => format!("{} speaks with {agent}", who.0),
        ThirdStep::MachineSuspected { who } => format!("{} may be a machine", who.0),
        ThirdStep::Joined { who } => format!("{} has joined", who.0),
        ThirdStep::HasCaller { who, .. } => format!("{} has the caller from {agent}", who.0),
        ThirdStep::Ended { who, why } => format!("{} is out: {why:?}", who.as_ref().map_or("nobody", |who| who.0.as_str())),
    }
}
