//! What the company knows of the number that calls comes while the greeting is said, and nothing waits for it.

use std::sync::Arc;

use warmline::call::{
    Caller,
    action::Action,
    event::Failure,
    flow::Flow,
    ids::AgentId,
    record::{FactSource, HandoffStep, What},
    replay::{first_difference, replay},
};

use super::{
    faults::Fault,
    flow,
    run::Run,
    script::{Cue, Sim},
};

const ANA: &[(&str, &str)] = &[("name", "Ana Pop"), ("vip", "true"), ("open_orders", "3"), ("agent", "dan"), ("priority_s", "90")];

/// The flow of the stories, which says more to whom it knows.
fn knowing() -> Arc<Flow> {
    let text = include_str!("../../data/flows/stories.en.yaml")
        .replacen("variables:\n", "caller: { vip: \"false\", open_orders: \"no\" }\nvariables:\n", 1)
        .replacen(
            "    say: I cannot find an order with this number.",
            "    say: \"You have {{ caller.open_orders }} open orders{% if caller.vip == 'true' %}, dear {{ caller.name }}{% endif %}.\"",
            1,
        );
    let flow = Flow::parse(&text, "stories.en.yaml").unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    let services = [("orders".to_owned(), "http://127.0.0.1:9/api".to_owned())].into();
    Arc::new(flow.bind(&services).expect("it needs one service"))
}

fn asks_for_an_order(sim: Sim) -> Run {
    sim.says("Where is my order?").says("one one one one one one").hangs_up(Cue::AfterBot(1_000)).run()
}

fn wants_a_human() -> Sim {
    Sim::new().says("Let me talk to a person")
}

fn looked_up(run: &Run) -> Vec<(bool, Option<Failure>)> {
    let one = |what: &What| match what {
        What::LookUp { name, ok, failure, .. } if name == "caller" => Some((*ok, *failure)),
        _ => None,
    };
    run.record.iter().filter_map(|entry| one(&entry.what)).collect()
}

#[test]
fn it_is_on_the_card_and_in_what_is_said() {
    let run = asks_for_an_order(Sim::with_flow(knowing()).known(ANA, 250));
    run.tells(&[
        "> look up the caller +40721000111",
        "> caller: Hello",
        "= look-up caller ok",
        "= fact caller.name Ana Pop",
        "= fact caller.open_orders 3",
        "= fact caller.vip true",
        "You have 3 open orders, dear Ana Pop.",
    ])
    .never("caller.agent")
    .never("caller.priority_s");
    let facts = run.record.iter().filter_map(|entry| if let What::Fact { fact } = &entry.what { Some(fact) } else { None });
    assert!(facts.filter(|fact| fact.name.starts_with("caller.")).all(|fact| fact.source == FactSource::Crm && fact.confirmed));
    assert_eq!(looked_up(&run), [(true, None)]);
}

#[test]
fn a_number_that_nobody_knows_is_a_call_like_any_other() {
    let run = asks_for_an_order(Sim::with_flow(knowing()).unknown(Fault::None));
    run.tells(&["= look-up caller ok", "You have no open orders."]).never("= fact caller.").never("= trouble");
}

#[test]
fn whatever_goes_wrong_the_greeting_is_the_same_and_the_record_says_so() {
    let plain = greeted_at(&Sim::new().hangs_up(Cue::At(9_000)).run());
    for (fault, why) in [
        (Fault::Fails, Some(Failure::Broken)),
        (Fault::Overloaded, Some(Failure::Overloaded)),
        (Fault::Dies, None),
        (Fault::Slow(60_000), None),
    ] {
        let run = Sim::new().unknown(fault).hangs_up(Cue::At(9_000)).run();
        assert_eq!(greeted_at(&run), plain, "{fault:?}");
        match why {
            Some(why) => {
                assert_eq!(looked_up(&run), [(false, Some(why))]);
                run.tells(&["= trouble the look-up of the caller"]);
            }
            None => assert_eq!(looked_up(&run), []),
        }
    }
}

/// When each sentence of the greeting began.
fn greeted_at(run: &Run) -> Vec<String> {
    run.lines.iter().filter(|line| line.contains("> caller:")).cloned().collect()
}

#[test]
fn a_withheld_number_is_asked_of_nobody() {
    for number in ["", "anonymous", "12"] {
        Sim::new().number(number).known(ANA, 250).hangs_up(Cue::At(9_000)).run().never("> look up the caller");
    }
}

#[test]
fn their_own_agent_their_priority_and_vip_go_to_the_queue() {
    let run = wants_a_human().known(ANA, 250).hangs_up(Cue::At(40_000)).run();
    let asked = run.done.iter().find_map(|(_, action)| match action {
        Action::FindAgent { ahead_ms, prefer, .. } => Some((*ahead_ms, prefer.clone())),
        _ => None,
    });
    assert_eq!(asked, Some((90_000, Some(AgentId("dan".to_owned())))));
    let summary = run.record.iter().find_map(|entry| match &entry.what {
        What::Handoff { step: HandoffStep::Started { summary, .. } } => Some(summary.clone()),
        _ => None,
    });
    let summary = summary.expect("a handoff began");
    assert_eq!(summary.who, "Ana Pop");
    assert!(summary.facts.iter().any(|fact| fact.name == "caller.open_orders"));
    assert!(!summary.spoken.join(" ").contains("open orders"), "{:?}", summary.spoken);
    assert!(
        run.record
            .iter()
            .any(|entry| matches!(&entry.what, What::Decision { decision } if decision.reasons.iter().any(|reason| reason == "vip")))
    );
}

/// How much earlier than it asked the call is served, and why a human was called.
fn ahead(run: &Run) -> (u64, Vec<String>) {
    let ahead_ms =
        run.done.iter().find_map(|(_, action)| if let Action::FindAgent { ahead_ms, .. } = action { Some(*ahead_ms) } else { None });
    let reasons = run.record.iter().find_map(|entry| match &entry.what {
        What::Decision { decision } if decision.escalate => Some(decision.reasons.clone()),
        _ => None,
    });
    (ahead_ms.expect("a human is called"), reasons.expect("for some reason"))
}

/// The example flow, whose words of critical matters these are.
fn example(ahead_s: Option<(&str, u64)>) -> Arc<Flow> {
    let mut flow = Flow::parse(include_str!("../../../config/flows/support.en.yaml"), "support.en.yaml").expect("the example is sound");
    if let Some((key, seconds)) = ahead_s {
        flow.handoff.ahead_s = [(key.to_owned(), seconds)].into();
    }
    let services = [("orders".to_owned(), "http://127.0.0.1:9/api".to_owned())].into();
    Arc::new(flow.bind(&services).expect("it needs one service"))
}

fn says(text: &str, ahead_s: Option<(&str, u64)>) -> (u64, Vec<String>) {
    ahead(&Sim::with_flow(example(ahead_s)).says(text).hangs_up(Cue::At(60_000)).run())
}

const FURIOUS: &str = "This is outrageous, I am furious about you people";
const BEREAVED: &str = "My mother has died and I do not know what to do about her parcel";

#[test]
fn whoever_is_angry_or_vulnerable_goes_ahead() {
    for (text, reason) in [(FURIOUS, "anger"), (BEREAVED, "critical:vulnerability")] {
        let (ahead_ms, reasons) = says(text, None);
        assert!(reasons.iter().any(|given| given == reason), "{reasons:?}");
        assert_eq!(ahead_ms, 30_000);
    }
    assert_eq!(says("Let me talk to a person", None).0, 0, "and nobody else");
}

#[test]
fn a_flow_says_how_far_ahead_who_goes() {
    assert_eq!(says(BEREAVED, Some(("critical:vulnerability", 90))).0, 90_000);
    assert_eq!(says(FURIOUS, Some(("critical:vulnerability", 90))).0, 0);
}

#[test]
fn what_comes_while_a_human_is_called_is_on_the_card_all_the_same() {
    let run = wants_a_human().known(ANA, 18_000).hangs_up(Cue::At(60_000)).run();
    run.tells(&["= handoff to", "= fact caller.name Ana Pop"]);
}

#[test]
fn no_name_of_a_service_is_more_than_a_name() {
    let evil = [("name", "<script>{{ caller.number }}</script>"), ("vip", "perhaps"), ("priority_s", "-1"), ("agent", "nobody-of-ours")];
    let run = wants_a_human().known(&evil, 250).hangs_up(Cue::At(40_000)).run();
    let asked =
        run.done.iter().find_map(|(_, action)| if let Action::FindAgent { ahead_ms, .. } = action { Some(*ahead_ms) } else { None });
    assert_eq!(asked, Some(0));
    run.tells(&["= fact caller.name <script>{{ caller.number }}</script>"]).never("+40721000111</script>");
}

#[test]
fn a_known_language_takes_the_call_before_the_first_word_and_not_after() {
    let romanian = super::story_language::romanian();
    let run = Sim::new().others(vec![Arc::clone(&romanian)]).known(&[("language", "ro")], 20).hangs_up(Cue::At(15_000)).run();
    run.tells(&["= language ro", "> hold in ro", "asistentul automat"]).never("Hello, you are speaking");
    let run =
        Sim::new().others(vec![romanian]).known(&[("language", "ro")], 20_000).says("Where is my order?").hangs_up(Cue::At(30_000)).run();
    run.never("= language ro");
    // Where no flow speaks it, nothing changes.
    Sim::with_flow(flow()).known(&[("language", "de")], 20).hangs_up(Cue::At(9_000)).run().tells(&["> caller: Hello"]).never("= language");
}

#[test]
fn it_is_replayed_as_it_was() {
    let run = asks_for_an_order(Sim::with_flow(knowing()).known(ANA, 250));
    let again = replay(run.setup.clone(), &run.told);
    assert_eq!(first_difference(&run.done, &again), None);
}

#[test]
fn what_the_network_says_is_in_texts_and_conditions_whatever_the_company_says() {
    let text = include_str!("../../data/flows/stories.en.yaml").replacen(
        "    say: I cannot find an order with this number.",
        "    say: \"{% if caller.signed == 'A' and caller.asserted == 'true' %}Trusted{% else %}Doubtful{% endif %} on \
         {{ caller.trunk or 'no line' }}, by way of {{ caller.diverted_from or 'nobody' }}\"",
        1,
    );
    let flow = Flow::parse(&text, "stories.en.yaml").unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    let services = [("orders".to_owned(), "http://127.0.0.1:9/api".to_owned())].into();
    let flow = Arc::new(flow.bind(&services).expect("it needs one service"));
    let network = Caller {
        asserted: true,
        diverted_from: Some("+40213111111".to_owned()),
        signed: Some("A".to_owned()),
        trunk: Some("isp".to_owned()),
        ..Caller::default()
    };
    let company = [("signed", "A"), ("asserted", "true"), ("trunk", "isp"), ("diverted_from", "me")];
    let run = asks_for_an_order(Sim::with_flow(Arc::clone(&flow)).network(network));
    run.tells(&["Trusted on isp, by way of +40213111111"]);
    // Nobody else can say it in the network's place.
    let run = asks_for_an_order(Sim::with_flow(flow).known(&company, 250));
    run.tells(&["Doubtful on no line, by way of nobody"]);
}
