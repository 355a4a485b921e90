//! A supervisor among the agents is offered no call while they follow another one.

use warmline::{
    call::action::AgentAfter,
    desk::{Now, StateWord},
};

use super::stories::{call, desk, find, state, told, who};

#[test]
fn whoever_listens_is_offered_nothing_and_is_asked_again_when_they_have_done() {
    let mut desk = desk(&[("boss", &["orders"])]);
    desk.follows(&call("other"), &who("boss"), Now(10));
    assert_eq!(state(&desk, "boss"), StateWord::Busy);
    find(&mut desk, "one", "orders", &[], 20);
    assert_eq!(told(&mut desk), ["one is 1"], "they are there, so the call waits");
    // What is said of another conversation changes nothing.
    desk.follows_no_more(&call("a third"), &who("boss"), Now(30));
    assert_eq!(told(&mut desk), Vec::<String>::new());
    desk.follows_no_more(&call("other"), &who("boss"), Now(40));
    assert_eq!(told(&mut desk), ["one gets boss"]);
}

#[test]
fn others_are_asked_meanwhile_and_the_end_of_the_call_ends_the_following() {
    let mut desk = desk(&[("boss", &["orders"]), ("maria", &["orders"])]);
    desk.follows(&call("other"), &who("boss"), Now(10));
    find(&mut desk, "one", "orders", &[], 20);
    assert_eq!(told(&mut desk), ["one gets maria"]);
    desk.ended(&call("other"), Now(30));
    assert_eq!(state(&desk, "boss"), StateWord::Available);
    desk.release(&call("one"), &who("maria"), AgentAfter::Free, Now(25));
    // Idle since the end of what they followed, not from before.
    find(&mut desk, "two", "orders", &[], 40);
    assert_eq!(told(&mut desk), ["two gets maria"]);
}

#[test]
fn who_is_away_or_has_a_call_stays_so() {
    let mut desk = desk(&[("boss", &["orders"])]);
    find(&mut desk, "one", "orders", &[], 10);
    told(&mut desk);
    desk.follows(&call("other"), &who("boss"), Now(20));
    assert_eq!(state(&desk, "boss"), StateWord::Ringing);
    desk.release(&call("one"), &who("boss"), AgentAfter::Free, Now(30));
    assert_eq!(state(&desk, "boss"), StateWord::Busy);
    assert!(desk.set_available(&who("boss"), false, Now(40)));
    desk.follows_no_more(&call("other"), &who("boss"), Now(50));
    assert_eq!(state(&desk, "boss"), StateWord::Away);
}
