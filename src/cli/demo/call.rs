//! The demo call itself: both telephones, from the greeting to the hang-up.

use std::time::Duration;

use anyhow::{Context, Result};
use jiff::civil::Date;
use serde_json::Value;

use super::{
    agent,
    caller::{Caller, Exchange},
    ears::{Ears, has_any, share_a_run, share_heard},
    record::{Written, is_step, list},
    report::{Bridge, Handoff, Report},
    show::Show,
};
use crate::phone::{Api, Events, Line, Phone, Rig, Voice};

/// The order in the example service's data that the caller asks about.
const ORDER: (&str, &str) = ("457129", "It is four five seven, one two nine.");
const RECORD_LIMIT: Duration = Duration::from_secs(15);
const BRIDGE_LIMIT: Duration = Duration::from_secs(20);
/// After this pause what the other one says is over.
const PAUSE: Duration = Duration::from_millis(900);

/// The telephones, and what they need.
pub(crate) struct Stage<'a> {
    pub(crate) rig: &'a Rig,
    /// Its pages, as a supervisor sees them.
    pub(crate) api: &'a Api,
    pub(crate) ears: &'a Ears,
    pub(crate) caller: &'a Phone,
    pub(crate) agent: &'a Phone,
    /// The agent's id in the configuration.
    pub(crate) agent_id: &'a str,
    pub(crate) show: Show,
}

/// Plays the call. Whatever goes wrong is in the report, which is never `ok` then.
pub(crate) async fn play(stage: &Stage<'_>) -> Report {
    let mut report = Report::default();
    report.measured.gateway_ready_ms = stage.rig.ready_after().as_millis() as u64;
    if let Err(error) = tell(stage, &mut report).await {
        report.check("the call goes on to its end", false, format!("{error:#}"));
    }
    report.conclude();
    report
}

async fn tell(stage: &Stage<'_>, report: &mut Report) -> Result<()> {
    let line = stage.caller.call("support", stage.rig.sip()).await?;
    stage.show.line_at(line.answered, "gateway", "answers the call");
    report.measured.answered_ms = (line.answered - line.invited).as_millis() as u64;
    let call = current_call(stage).await?;
    report.page = stage.api.address(&format!("/calls/{call}"));
    let events = stage.api.follow(&format!("/api/v1/calls/{call}/events"), stage.show.listener(line.invited));
    let cards = stage.api.follow(&format!("/api/v1/agents/{}/events", stage.agent_id), |_| {});
    report.call = call;

    let caller = Caller { line: &line, ears: stage.ears, voice: Voice::Slt.or_any().await, show: stage.show };
    let mut exchanges = Vec::new();
    let talked = talk(&caller, report, &mut exchanges).await;
    let handed_over = match talked {
        Ok(()) => hand_over(stage, &caller, report, &mut exchanges, (&events, &cards)).await,
        Err(error) => Err(error),
    };
    if line.is_up() {
        // After a failure: the report has the reason already.
        let _ = line.hang_up().await;
    }
    let written = write_down(stage, &line, report, &exchanges, &events).await;
    handed_over.and(written)
}

/// The id of the only call that is live.
async fn current_call(stage: &Stage<'_>) -> Result<String> {
    let id = |calls: &Value| calls["calls"].as_array()?.iter().find(|call| call["state"] == "live")?["id"].as_str().map(str::to_owned);
    stage.api.until("/api/v1/calls?state=live", RECORD_LIMIT, id).await.context("the gateway's list of calls")
}

/// Greeting, a question, another one that needs a number and a look-up.
async fn talk(caller: &Caller<'_>, report: &mut Report, exchanges: &mut Vec<Exchange>) -> Result<()> {
    let greeting = caller.listen(&["automated", "automatic"]).await?;
    report.measured.greeting_ms = caller
        .line
        .media
        .tape(|tape| tape.first_sound_after(caller.line.answered))
        .map(|first| (first - caller.line.answered).as_millis() as u64);
    report.check("the greeting says that an automated assistant speaks", greeting.as_expected, greeting.answer_heard.clone());
    report.greeting = greeting.answer_heard;

    let hours = caller.say("What are your opening hours on Saturday?", &["saturday", "saturdays", "open", "closed"]).await?;
    report.check("the opening hours are answered", hours.as_expected, hours.answer_heard.clone());
    exchanges.push(hours);

    let order = caller.say("Where is my order?", &["number"]).await?;
    report.check("the order number is asked for", order.as_expected, order.answer_heard.clone());
    exchanges.push(order);

    let status =
        &["on its way", "delivery", "delivered", "shipped", "delayed", "arrive", "arrives", "warehouse", "dispatched", "transit", "packed"];
    let asks = &["right", "correct"];
    let both: Vec<&str> = status.iter().chain(asks).copied().collect();
    let mut number = caller.say(ORDER.1, &both).await?;
    if has_any(&number.answer_heard, asks) && !has_any(&number.answer_heard, status) {
        exchanges.push(number);
        number = caller.say("Yes, that is right.", status).await?;
    }
    report.check("the order is looked up and answered", has_any(&number.answer_heard, status), number.answer_heard.clone());
    exchanges.push(number);
    Ok(())
}

/// The wish for a human, until the hang-up.
async fn hand_over(
    stage: &Stage<'_>,
    caller: &Caller<'_>,
    report: &mut Report,
    exchanges: &mut Vec<Exchange>,
    (events, cards): (&Events, &Events),
) -> Result<()> {
    let show = stage.show;
    let (wish, briefed) = tokio::join!(
        caller.say_and_wait("This is the third time I am asking, let me talk to a person.", &["orders"]),
        agent::take(stage.agent, show, Duration::from_secs(60)),
    );
    let wish = wish?;
    let wished = wish.span.end;
    report.check(
        "the caller is told that a colleague for orders is called",
        wish.as_expected && has_any(&wish.answer_heard, &["colleague"]),
        wish.answer_heard.clone(),
    );
    exchanges.push(wish);
    let briefed = briefed?;
    report.measured.wish_to_ring_ms = Some(briefed.rang.saturating_sub(wished).as_millis() as u64);
    let shown = cards.all().into_iter().rev().find(|card| card["summary"].is_object());
    report.check(
        "the agent's page shows the card while the telephone rings",
        shown.is_some(),
        shown.as_ref().map_or("no card", |_| "the card").to_owned(),
    );
    let spoken = stage.ears.hear(&briefed.briefing).await?;
    show.line_at(briefed.briefed, "agent", &format!("heard: “{spoken}”"));

    events.wait_for(BRIDGE_LIMIT, |entry| is_step(entry, "bridged").then_some(())).await.context("the bridge")?;
    let hello = agent::greet(&briefed.line, show).await?;
    caller.line.media.wait_for_silence_of(PAUSE, hello.start, BRIDGE_LIMIT).await?;
    let caller_heard = stage.ears.hear(&caller.line.media.heard_since(hello.start)).await?;
    let thanks = caller.voice.say("Thank you Maria, that is very kind of you.").await?;
    show.line("caller", "says: “Thank you Maria, that is very kind of you.”");
    let said = caller.line.media.say(&thanks).await?;
    briefed.line.media.wait_for_silence_of(PAUSE, said.start, BRIDGE_LIMIT).await?;
    let agent_heard = stage.ears.hear(&briefed.line.media.heard_since(said.start)).await?;
    report.check("the caller hears the agent", share_heard(agent::HELLO, &caller_heard) >= 0.5, caller_heard.clone());
    report.check("the agent hears the caller", has_any(&agent_heard, &["thank you", "very kind"]), agent_heard.clone());

    let between = stage.ears.hear(&caller.line.media.heard_between(wished, hello.start)).await?;
    report.check("the caller never hears the briefing", !share_a_run(&between, &spoken, 5), between);
    let silence = caller.line.media.tape(|tape| tape.longest_silence(wished, hello.start));
    report.handoff =
        Handoff { summary_spoken: spoken, summary_shown: shown.map_or(Value::Null, |card| card["summary"].clone()), ..Handoff::default() };
    report.handoff.longest_silence_ms = Some(silence.as_millis() as u64);
    report.bridge = Bridge { caller_heard, agent_heard };

    caller.line.hang_up().await?;
    show.line("caller", "(hangs up)");
    let hung_up = briefed.line.wait_for_hang_up(Duration::from_secs(5)).await;
    report.check(
        "the agent's line ends with the caller's",
        hung_up.is_ok(),
        hung_up.map_or_else(|error| format!("{error:#}"), |()| "it does".to_owned()),
    );
    Ok(())
}

/// Reads the record when the call is over, and compares it with what happened.
async fn write_down(stage: &Stage<'_>, line: &Line, report: &mut Report, exchanges: &[Exchange], events: &Events) -> Result<()> {
    let ended = events.wait_for(RECORD_LIMIT, |entry| (entry["what"] == "ended").then_some(())).await;
    report.check(
        "the record says that the call has ended",
        ended.is_ok(),
        ended.map_or_else(|error| format!("{error:#}"), |()| "it does".to_owned()),
    );
    let entries = events.all();
    let written = Written { entries: &entries, arrived: line.invited };
    report.turns = exchanges
        .iter()
        .enumerate()
        .map(|(n, exchange)| written.turn(exchange, exchanges.get(n + 1).map(|next| next.span.start)))
        .collect();
    report.measured.reply_ms = report.turns.iter().filter_map(|turn| turn.reply_latency_ms).collect();
    report.facts = written.facts();
    report.escalation = written.escalation();
    let knows = report.facts.iter().any(|fact| fact["value"] == ORDER.0);
    report.check(
        "the order number is a fact",
        knows,
        format!("{:?}", report.facts.iter().map(|fact| fact["value"].to_string()).collect::<Vec<_>>()),
    );
    check_day(report, exchanges);
    let asked = report.escalation.reasons.iter().any(|reason| reason == "asked_for_human");
    report.check("a human was called because the caller asked", asked, report.escalation.reasons.join(", "));
    report.check(
        "the decision keeps its evidence",
        !report.escalation.evidence.is_empty(),
        format!("{} signals", report.escalation.evidence.len()),
    );

    let spoken_text = written.step("started").map(|step| list(&step["summary"]["spoken"]).join(" ")).unwrap_or_default();
    let share = share_heard(&spoken_text, &report.handoff.summary_spoken);
    report.check("the agent heard the summary", share >= 0.6, format!("{:.0} % of its longer words", share * 100.0));
    report.handoff.summary_spoken_text = spoken_text;
    report.handoff.time_to_agent_ms = written.step("bridged").and_then(|step| step["time_to_agent_ms"].as_u64());
    report.handoff.outcome = written.step("ended").and_then(|step| step["outcome"].as_str()).unwrap_or("none").to_owned();
    report.check("the handoff ended with a bridge", report.handoff.outcome == "bridged", report.handoff.outcome.clone());
    report.check("the call was handed over", written.outcome() == "handed_over", written.outcome());
    let unheard = report.turns.iter().filter(|turn| turn.heard.is_empty()).map(|turn| turn.said.clone()).collect::<Vec<_>>();
    report.check("every turn is in the record", unheard.is_empty(), unheard.join("; "));
    check_recording(stage, line, report).await;
    let page = stage.api.bytes(&format!("/calls/{}", report.call)).await;
    report.check(
        "the call's page is served",
        page.as_ref().is_ok_and(|page| page.starts_with(b"<!")),
        page.map_or_else(|error| format!("{error:#}"), |page| format!("{} bytes", page.len())),
    );
    Ok(())
}

/// The day that the service gives in figures is heard as people say it.
fn check_day(report: &mut Report, exchanges: &[Exchange]) {
    let given = report.facts.iter().find(|fact| fact["name"] == "order.expected").and_then(|fact| fact["value"].as_str());
    let day = given.and_then(|given| given.parse::<Date>().ok());
    let words = day.map(|day| (day.strftime("%A").to_string(), day.strftime("%B").to_string()));
    let said = |exchange: &&Exchange| {
        words.as_ref().is_some_and(|(weekday, month)| [weekday, month].iter().all(|word| has_any(&exchange.answer_heard, &[word])))
    };
    let heard = exchanges.iter().find(said).map(|exchange| exchange.answer_heard.clone());
    report.check("the day of the delivery is said as people say it", heard.is_some(), heard.unwrap_or_else(|| format!("{day:?}")));
}

/// The recording has two channels with sound in both, and is as long as the call.
async fn check_recording(stage: &Stage<'_>, line: &Line, report: &mut Report) {
    let call = report.call.clone();
    let folder = stage.rig.folder().to_path_buf();
    let api = stage.api;
    let head = api.until(&format!("/api/v1/calls/{call}"), RECORD_LIMIT, |seen| (seen["head"]["recording"] == true).then_some(())).await;
    let fetched = match head {
        Ok(()) => api.bytes(&format!("/api/v1/calls/{call}/recording")).await,
        Err(error) => Err(error),
    };
    let seen = fetched.and_then(|bytes| super::recording::look(&bytes));
    let talked = line.media.now().saturating_sub(line.answered).as_secs_f64();
    let good = seen.as_ref().is_ok_and(|seen| seen.left_sounds && seen.right_sounds && seen.seconds > talked * 0.5);
    report.check(
        "the recording has the caller left and what the caller heard right",
        good,
        seen.map_or_else(|error| format!("{error:#}"), |seen| format!("{seen:?}")),
    );
    report.recording = super::recording::find(&folder, &call);
}
