//! What nobody else may know: asked for, taken, used, and written down nowhere.

use super::{
    flow_with,
    script::{Cue, Sim},
};

fn private() -> Sim {
    let change = ("    confirm: I understood {{ value }}. Is that right?\n    confirm_below: 0.7\n", "    private: true\n");
    Sim::with_flow(flow_with(&[change]))
}

#[test]
fn keys_are_private_from_the_question_to_the_last_of_them() {
    let run = private().says("Where is my order?").presses(Cue::AfterBot(500), "457129").hangs_up(Cue::AfterBot(1_000)).run();
    run.tells(&[
        "What is your order number?",
        "> private on",
        "< caller presses 457129",
        "= fact order_number •••• confirmed",
        "> look up http://127.0.0.1:9/api/orders/457129",
        "> private off",
        "Your order •••• is on its way",
    ])
    .never("= turn 2");
}

#[test]
fn words_are_private_too_and_never_read_back() {
    let run = private().says("Where is my order?").says("four five seven one two nine").hangs_up(Cue::AfterBot(1_000)).run();
    run.tells(&["> private on", "= turn 2 \"••••\"", "= fact order_number ••••", "> private off", "Your order •••• is on its way"])
        .never("= turn 2 \"four")
        .never("I understood");
    assert_eq!(run.count("> private"), 2);
}

#[test]
fn who_wants_a_person_instead_is_not_private_any_more() {
    let run = private().says("Where is my order?").says("Let me talk to a person").run();
    run.tells(&["> private on", "= turn 2 \"••••\"", "= handoff to", "> private off", "= bridged with maria"]);
}
