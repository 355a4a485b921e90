//! What a step of a flow sets for itself: how long its answers may pause, and what may interrupt its question. Each apart from the others.

use warmline::call::{
    action::Action,
    record::{Evidence, Signal, What},
};

use super::{
    flow_with,
    run::Run,
    script::{Cue, Sim},
};

/// Two questions of one flow, asked alike but for what is set: of the first, and of the second.
fn two_questions(first: &str, second: &str) -> Sim {
    let slots = "slots:\n  day: { label: day, read: text, ask: What do you know about the day of it?, confirm_below: 0 }\n  \
                 place: { label: place, read: text, ask: What do you know about the place of it?, confirm_below: 0 }\n";
    let nodes = format!(
        "  password_reset: {{ ask: day, next: ask_place{first} }}\n  ask_place: {{ ask: place, next: known{second} }}\n  known:\n    say:\n"
    );
    Sim::with_flow(flow_with(&[("slots:\n", slots), ("  password_reset:\n    say:\n", &nodes)])).says("I forgot my password")
}

/// When a line came.
fn millis(line: &str) -> u64 {
    let seconds: f64 = line.split_whitespace().next().and_then(|word| word.parse().ok()).expect("a line begins with its time");
    (seconds * 1_000.0).round() as u64
}

/// Milliseconds from the end of what was said to the end of the turn.
fn waited(run: &Run, said: &str) -> u64 {
    let end = run.world.said.iter().find(|segment| segment.text == said).expect("it was said").to;
    let over = run.lines.iter().position(|line| line.contains("= turn") && line.contains(said)).expect("it became a turn");
    millis(&run.lines[over]) - end
}

#[test]
fn a_patient_question_waits_twice_as_long_and_can_be_interrupted_and_a_firm_one_neither() {
    let tell = |first, second| {
        two_questions(first, second)
            .says_on(Cue::Over("What do you know about the day", 900), "the one before yesterday it was")
            .says_on(Cue::Over("What do you know about the place", 900), "the one behind the corner it was")
            .run()
    };
    let run = tell(", patience: 2.0", ", interruptible: false");
    let (day, place) = (waited(&run, "the one before yesterday it was"), waited(&run, "the one behind the corner it was"));
    assert!(day >= place + 600, "patient {day} ms, firm {place} ms in\n{}", run.text());
    run.tells(&["the day of it?", "> be still", "= turn 2", "= interrupted", "the place of it?", "= turn 3", "You can set a new password"]);
    assert_eq!((run.count("> be still"), run.count("> stop speaking")), (1, 1), "the firm one was heard out:\n{}", run.text());

    // The other way round: neither is the first one's because it is the first.
    let run = tell(", interruptible: false", ", patience: 2.0");
    let (day, place) = (waited(&run, "the one before yesterday it was"), waited(&run, "the one behind the corner it was"));
    assert!(place >= day + 600, "firm {day} ms, patient {place} ms in\n{}", run.text());
    run.tells(&["the day of it?", "= turn 2", "the place of it?", "> be still", "= turn 3", "= interrupted", "You can set a new password"]);
    assert_eq!((run.count("> be still"), run.count("> stop speaking")), (1, 1), "{}", run.text());
}

/// A "sounds fine" over an answer, of which no more than its beginning is known while it sounds.
fn half_heard(sets: &str, of_flow: &str) -> Run {
    let summary = "    summary: order {{ order_number }} is shipped and expected on {{ order.expected }}\n";
    let changes = [(summary, &*format!("{summary}{sets}")), ("\nturn:\n", &*format!("\nturn:\n{of_flow}"))];
    let mut sim = Sim::with_flow(flow_with(&changes)).says("Where is my order?").says("four five seven one two nine").says_for(
        Cue::Over("Your order", 800),
        "Sounds fine",
        900,
    );
    sim.world.glimpses = vec![(170, "Sounds"), (300, "Sounds f"), (430, "Sounds fi")];
    sim.run()
}

#[test]
fn in_doubt_the_bot_does_what_the_step_says_or_else_the_flow() {
    let goes_on = [("    in_doubt: weigh\n", ""), ("    in_doubt: go_on\n", ""), ("", "  in_doubt: weigh\n")];
    let stays = [("", ""), ("    in_doubt: stop\n", "  in_doubt: weigh\n")];
    for (sets, of_flow) in goes_on {
        let run = half_heard(sets, of_flow);
        run.tells(&[
            "Your order",
            "< caller: Sounds fine",
            "> speak lower",
            "> be still",
            "> speak lower",
            "\"Sounds fine\"",
            "> speak up",
        ]);
    }
    for (sets, of_flow) in stays {
        let run = half_heard(sets, of_flow);
        run.tells(&["Your order", "< caller: Sounds fine", "> speak lower", "> be still", "\"Sounds fine\"", "> speak up"]);
        assert_eq!(run.count("> speak lower"), 1, "{}", run.text());
    }
}

/// The question for the order number, with keys pressed over it.
fn keyed_over(sets: &str) -> Run {
    let node = format!("    ask: order_number\n    next: find_order\n{sets}");
    Sim::with_flow(flow_with(&[("    ask: order_number\n    next: find_order\n", &node)]))
        .says("Where is my order?")
        .presses(Cue::Over("What is your order number?", 300), "457129")
        .run()
}

#[test]
fn keys_interrupt_where_the_step_lets_them_whatever_the_voice_may() {
    for lets in ["", "    keys_interrupt: true\n", "    interruptible: false\n    keys_interrupt: true\n"] {
        let run = keyed_over(lets);
        run.tells(&[
            "What is your order number?",
            "< caller presses",
            "> stop speaking",
            "= interrupted",
            "/orders/457129",
            "is on its way",
        ]);
    }
    for forbids in ["    keys_interrupt: false\n", "    interruptible: false\n"] {
        let run = keyed_over(forbids);
        // What was pressed counts all the same.
        run.tells(&["What is your order number?", "< caller presses", "/orders/457129", "is on its way"])
            .never("> stop speaking")
            .never("= interrupted");
    }
}

#[test]
fn a_key_over_a_notice_does_not_cut_it_off() {
    let run = Sim::new().presses(Cue::Over("This call is recorded", 300), "5").says("Are you open on Saturday?").run();
    run.tells(&["< caller presses 5", "= notice recording", "= notice tone_analysis", "we are open"]).never("> stop speaking");
}

#[test]
fn the_announcement_of_a_colleague_is_heard_out_whatever_the_caller_does() {
    let talks =
        Sim::new().says("Let me talk to a person").says_on(Cue::Over("I am calling a colleague", 400), "and where is my order by the way");
    let presses = Sim::new().says("Let me talk to a person").presses(Cue::Over("I am calling a colleague", 400), "5");
    for sim in [talks, presses] {
        let run = sim.run();
        run.tells(&["= handoff to", "I am calling a colleague", "= bridged with maria"]);
        let announced = run.record.iter().find_map(|entry| match &entry.what {
            What::BotTurn { text, heard, interrupted, .. } if text.contains("I am calling a colleague") => {
                Some((text == heard, *interrupted))
            }
            _ => None,
        });
        assert_eq!(announced, Some((true, false)), "heard in full, in one piece:\n{}", run.text());
        let (begun, bridged) = (run.time_of("I am calling a colleague"), run.time_of("= bridged"));
        let cut = |line: &&String| line.contains("> stop speaking") || line.contains("> be still");
        assert!(!run.lines.iter().filter(cut).any(|line| (begun..bridged).contains(&millis(line))), "{}", run.text());
    }
}

#[test]
fn a_guess_that_is_thrown_away_asks_no_service_and_leaves_no_fact() {
    // A patient question, so that the answer is worked out in the pause behind a number that is whole.
    let node = "    ask: order_number\n    next: find_order\n    patience: 4\n";
    let run = Sim::with_flow(flow_with(&[("    ask: order_number\n    next: find_order\n", node)]))
        .says("Where is my order?")
        .says("four five seven one two nine")
        .says_on(Cue::Then(600), "no, eight")
        .says("Yes")
        .run();
    let guessed = run.done.iter().position(
        |(_, action)| matches!(action, Action::Prepare { clauses } if clauses.iter().any(|clause| clause.contains("I am looking that up"))),
    );
    let asked = run.done.iter().position(|(_, action)| matches!(action, Action::LookUp { .. }));
    assert!(guessed.is_some() && guessed < asked, "the guess was made: {guessed:?} {asked:?} in\n{}", run.text());
    run.tells(&[
        "= turn 2 \"four five seven one two nine no, eight\"",
        "I understood 4 5 7 1 2 8.",
        "= fact order_number 457128 confirmed",
        "> look up http://127.0.0.1:9/api/orders/457128",
    ]);
    assert_eq!((run.count("> look up"), run.count("= fact"), run.count("= look-up")), (1, 1, 1), "{}", run.text());
}

#[test]
fn a_guess_that_is_thrown_away_leaves_no_evidence() {
    let run = Sim::new().says("I already told you that").says_on(Cue::Then(700), "and my parcel is still not here").run();
    assert_eq!(run.count("> understand"), 2, "it was guessed in the pause:\n{}", run.text());
    let of = |what: &What| if let What::Evidence { evidence } = what { Some(evidence.clone()) } else { None };
    let evidence: Vec<Evidence> = run.record.iter().filter_map(|entry| of(&entry.what)).collect();
    let repeated = evidence.iter().filter(|evidence| evidence.signal == Signal::Repeated).count();
    assert_eq!(repeated, 1, "{evidence:?} in\n{}", run.text());
    run.tells(&["= turn 1 \"I already told you that and my parcel is still not here\""]);
}
