//! An agent to whom a call is offered says what becomes of it, during the briefing or behind it; and what people and machines say who pick up a telephone
//! chooses nothing.

use warmline::call::{
    action::Action,
    event::{AgentChoice, DialFailure},
    record::{ChosenBy, HandoffStep, OfferChoice, What},
};

use super::{
    agents::{Agent, Does, Moment, Phone},
    run::Run,
    script::Sim,
};

/// In the middle of the briefing.
const DURING: (Moment, u64) = (Moment::Answered, 3_000);
/// When the agent was told what they may say.
const BEHIND: (Moment, u64) = (Moment::Briefed, 500);

fn maria() -> Agent {
    Agent::with("maria", "Maria", Phone::Answers(2_000)).does(Moment::Bridged, 8_000, Does::HangUp)
}

fn says((moment, after_ms): (Moment, u64), words: &'static str) -> Agent {
    maria().does(moment, after_ms, Does::Say(words))
}

fn offered(agent: Agent) -> Run {
    Sim::new().says("Let me talk to a person").agents(vec![agent, Agent::accepting("dan", "Dan")]).run()
}

/// What Maria has chosen by the record, and in which words.
fn chosen(run: &Run) -> Vec<(OfferChoice, ChosenBy, Option<&str>)> {
    let by_maria = run.record.iter().filter_map(|entry| match &entry.what {
        What::Handoff { step: HandoffStep::Chose { agent, choice, by, words } } if agent.0 == "maria" => {
            Some((*choice, *by, words.as_deref()))
        }
        _ => None,
    });
    by_maria.collect()
}

/// Nobody but the recogniser is given what the agent says, and the caller does not hear it before the bridge.
fn nothing_more_is_made_of_it(run: &Run) {
    assert_eq!(run.count("> understand"), 1, "only the caller's words are analysed:\n{}", run.text());
    let bridged = run.lines.iter().position(|line| line.contains("= bridged")).unwrap_or(run.lines.len());
    assert!(!run.lines[..bridged].iter().any(|line| line.contains("caller<") || line.contains("~hold<")), "{}", run.text());
}

#[test]
fn words_take_the_call_during_the_briefing() {
    for words in ["Accept", "Put them through", "I'll take it", "Okay, go ahead", "Yes, put him through please"] {
        let run = offered(says(DURING, words));
        run.tells(&[
            "> agent 1: Hello Maria",
            "> transcribe agent 1",
            "= maria chooses Accept by Word",
            "> stop speaking",
            "= bridged with maria",
        ])
        .never("> agent 1: Press one");
        assert_eq!(chosen(&run), [(OfferChoice::Accept, ChosenBy::Word, Some(words))]);
        nothing_more_is_made_of_it(&run);
    }
}

#[test]
fn a_yes_takes_the_call_once_the_agent_was_told_that_it_does() {
    for words in ["Yes", "Okay", "Sure, thanks", "Yes please"] {
        let run = offered(says(BEHIND, words));
        run.tells(&["> agent 1: Press one", "= maria chooses Accept by Word", "= bridged with maria"]);
        nothing_more_is_made_of_it(&run);
    }
    // Before, people say that who listen, and who pick up a telephone.
    for (when, words) in [(DURING, "Yes"), (DURING, "Okay, right"), ((Moment::Answered, 200), "Yes?")] {
        let agent = says(when, words).does(Moment::Briefed, 2_000, Does::Press('1'));
        let run = offered(agent);
        run.tells(&["> transcribe agent 1", "> agent 1: Press one", "< agent 1 Press('1')", "= bridged with maria"]);
        assert_eq!(chosen(&run), [(OfferChoice::Accept, ChosenBy::Key, None)]);
    }
}

#[test]
fn again_and_more_are_said_at_once() {
    let agent = maria().does(Moment::Answered, 2_500, Does::Say("Sorry?")).does(Moment::Answered, 7_000, Does::Say("Tell me more")).does(
        Moment::Answered,
        14_000,
        Does::Say("I'll take it"),
    );
    let run = offered(agent);
    run.tells(&[
        "> agent 1: Hello Maria",
        "= maria chooses Repeat by Word: \"Sorry?\"",
        "> stop speaking",
        "> agent 1: Hello Maria",
        "= maria chooses More by Word: \"Tell me more\"",
        "> agent 1: The caller is Ioana Pop.",
        "= maria chooses Accept by Word: \"I'll take it\"",
        "= maria was told, repeats 2",
        "= bridged with maria",
    ]);
    nothing_more_is_made_of_it(&run);
}

#[test]
fn who_declines_is_on_record_with_the_reason() {
    let outcomes = [
        ("No", "Declined"),
        ("I can't, I'm at lunch", "DeclinedBusy"),
        ("That's not my department", "DeclinedSkill"),
        ("No, ask somebody else please, I have to leave in a minute and would not get anywhere with it", "Declined"),
    ];
    for when in [DURING, BEHIND] {
        for (words, outcome) in outcomes {
            let run = offered(says(when, words));
            run.tells(&["= maria chooses Decline by Word", &format!("= offer to maria {outcome}"), "= bridged with dan"]);
            assert_eq!(chosen(&run), [(OfferChoice::Decline, ChosenBy::Word, Some(words))]);
            nothing_more_is_made_of_it(&run);
        }
    }
}

#[test]
fn who_says_no_has_time_to_say_why() {
    let agent = says(DURING, "No").does(Moment::Answered, 4_400, Does::Say("I'm on another call"));
    let run = offered(agent);
    run.tells(&["= offer to maria DeclinedBusy", "= bridged with dan"]);
    assert_eq!(chosen(&run), [(OfferChoice::Decline, ChosenBy::Word, Some("No I'm on another call"))]);
}

#[test]
fn keys_and_the_page_are_on_record_too() {
    let keyed = [('1', OfferChoice::Accept), ('2', OfferChoice::Repeat), ('3', OfferChoice::More), ('9', OfferChoice::Decline)];
    for (key, choice) in keyed {
        let run = offered(maria().does(Moment::Answered, 3_000, Does::Press(key)));
        assert_eq!(chosen(&run)[..1], [(choice, ChosenBy::Key, None)]);
    }
    let run = offered(maria().does(Moment::Answered, 3_000, Does::Page(AgentChoice::Accept)));
    assert_eq!(chosen(&run), [(OfferChoice::Accept, ChosenBy::Page, None)]);
}

#[test]
fn who_picks_up_a_telephone_has_chosen_nothing() {
    for words in ["Hello?", "Warmline support, Maria speaking", "Hello, this is Maria, how can I help you?", "Who is this?"] {
        for when in [(Moment::Answered, 200), DURING, BEHIND] {
            let run = offered(says(when, words).does(Moment::Briefed, 4_000, Does::Press('1')));
            run.tells(&["> transcribe agent 1", "< agent 1 Press('1')", "= bridged with maria"]);
            assert_eq!(chosen(&run), [(OfferChoice::Accept, ChosenBy::Key, None)]);
        }
    }
}

#[test]
fn a_machines_greeting_takes_no_call() {
    let greetings: [&[(u64, &'static str)]; 3] = [
        &[(300, "Please leave a message, yes"), (12_000, "Okay")],
        &[(300, "You have reached Maria"), (2_500, "Leave your name and go ahead"), (12_000, "Yes"), (15_000, "Accept")],
        &[(300, "Yes"), (3_000, "I am not at my desk and will get back to you, okay"), (12_000, "Yes please")],
    ];
    for greeting in greetings {
        let agent = greeting.iter().fold(maria(), |agent, (at, words)| agent.does(Moment::Answered, *at, Does::Say(words)));
        let run = offered(agent);
        run.tells(&["= on the Agent's line: MachineSuspected", "= offer to maria NeverChose", "= bridged with dan"])
            .never("bridged with maria");
        assert_eq!(chosen(&run), []);
    }
    // The beep is certain.
    let agent = says((Moment::Answered, 300), "Please leave a message after the tone, okay").does(Moment::Answered, 4_000, Does::Beeps);
    offered(agent).tells(&["MachineSuspected", "= offer to maria Voicemail", "= bridged with dan"]);
}

#[test]
fn whoever_is_taken_for_a_machine_is_told_to_press_a_key() {
    let agent = maria().does(Moment::Answered, 1_000, Does::SoundsLikeAMachine).does(Moment::Briefed, 500, Does::Say("I'll take it")).does(
        Moment::Briefed,
        6_000,
        Does::Press('1'),
    );
    let run = offered(agent);
    run.tells(&[
        "MachineSuspected",
        "> agent 1: Press one or say accept",
        "> agent 1: Please press one to take the call.",
        "< agent 1 Press('1')",
        "= bridged with maria",
    ]);
    assert_eq!(chosen(&run), [(OfferChoice::Accept, ChosenBy::Key, None)]);
    // A machine goes on; nobody is told for ever.
    let talks = (1..9).fold(maria().does(Moment::Answered, 1_000, Does::SoundsLikeAMachine), |agent, at| {
        agent.does(Moment::Answered, 1_500 * at, Does::Say("Accept"))
    });
    let run = offered(talks);
    run.tells(&["= offer to maria NeverChose", "= bridged with dan"]);
    assert_eq!(run.count("> agent 1: Please press one"), 2, "{}", run.text());
}

/// Their page shows it until it has heard otherwise.
#[test]
fn two_who_accept_at_once_never_have_one_caller() {
    for late in [1_500, 2_700, 4_500, 9_000] {
        let busy = Agent::with("maria", "Maria", Phone::Fails(DialFailure::Busy, 500)).does(
            Moment::Offered,
            late,
            Does::Page(AgentChoice::Accept),
        );
        let dan = Agent::with("dan", "Dan", Phone::Answers(2_000)).does(Moment::Answered, 2_200, Does::Page(AgentChoice::Accept));
        let run = Sim::new().says("Let me talk to a person").agents(vec![busy, dan.does(Moment::Bridged, 8_000, Does::HangUp)]).run();
        run.tells(&["= offer to maria Busy", "= dan chooses Accept by Page", "= bridged with dan"]).never("bridged with maria");
        assert_eq!((run.count("= bridged"), run.count("> release maria"), chosen(&run).len()), (1, 1, 0), "{}", run.text());
    }
}

#[test]
fn the_bots_own_words_in_a_loudspeaker_choose_nothing() {
    let run = offered(says((Moment::Answered, 9_000), "say accept").does(Moment::Briefed, 2_000, Does::Press('1')));
    let speaks = |action: &Action| matches!(action, Action::Speak { clauses, .. } if clauses.concat().contains("say accept"));
    assert!(run.done.iter().any(|(_, action)| speaks(action)));
    assert_eq!(chosen(&run), [(OfferChoice::Accept, ChosenBy::Key, None)]);
}
