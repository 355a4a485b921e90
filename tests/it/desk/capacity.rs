//! An agent who stands for a queue of another telephone system takes several calls at once.

use warmline::{
    call::action::AgentAfter,
    desk::{Desk, Limits, Now, Own, Profile, RingAt, StateWord},
};

use super::stories::{agent, call, find, state, told, who};

const NONE: [&str; 0] = [];

fn pbx(capacity: usize) -> Desk {
    Desk::new(Limits::default(), vec![Profile { capacity, ..agent("pbx", &["orders"]) }], Now(0))
}

/// Calls that they have, and how many more they would take.
fn load(desk: &Desk) -> (usize, usize) {
    let view = desk.view().remove(0);
    (view.calls.len(), view.free)
}

#[test]
fn as_many_calls_are_offered_at_once_as_they_take_and_no_more() {
    let mut desk = pbx(2);
    for (index, id) in ["one", "two", "three"].into_iter().enumerate() {
        find(&mut desk, id, "orders", &[], 10 + index as u64);
    }
    assert_eq!(told(&mut desk), ["one gets pbx", "two gets pbx", "three is 1"]);
    assert_eq!((state(&desk, "pbx"), load(&desk)), (StateWord::Ringing, (2, 0)));
    desk.bridged(&call("one"), &who("pbx"), Now(20));
    desk.release(&call("two"), &who("pbx"), AgentAfter::Free, Now(30));
    assert_eq!(told(&mut desk), ["three gets pbx"]);
    assert_eq!(desk.view()[0].calls, [call("one"), call("three")]);
}

#[test]
fn each_call_has_a_wrap_up_of_its_own() {
    let mut desk = pbx(2);
    for id in ["one", "two"] {
        find(&mut desk, id, "orders", &[], 10);
        desk.bridged(&call(id), &who("pbx"), Now(20));
    }
    told(&mut desk);
    desk.release(&call("one"), &who("pbx"), AgentAfter::WrapUp, Now(30_000));
    find(&mut desk, "three", "orders", &[], 31_000);
    assert_eq!((state(&desk, "pbx"), load(&desk)), (StateWord::Busy, (1, 0)));
    desk.release(&call("two"), &who("pbx"), AgentAfter::WrapUp, Now(35_000));
    assert_eq!((state(&desk, "pbx"), told(&mut desk)), (StateWord::WrapUp, vec!["three is 1".to_owned()]));
    // The first pause is over, the second is not.
    desk.handle_timeout(Now(40_000));
    assert_eq!(told(&mut desk), ["three gets pbx"]);
    assert_eq!(load(&desk), (1, 0));
    desk.handle_timeout(Now(45_000));
    assert_eq!((state(&desk, "pbx"), load(&desk)), (StateWord::Available, (1, 1)));
}

#[test]
fn who_has_not_taken_one_call_is_offered_no_other_for_a_while() {
    let mut desk = pbx(3);
    for id in ["one", "two"] {
        find(&mut desk, id, "orders", &[], 10);
    }
    desk.bridged(&call("one"), &who("pbx"), Now(20));
    desk.release(&call("two"), &who("pbx"), AgentAfter::Resting, Now(5_000));
    told(&mut desk);
    find(&mut desk, "three", "orders", &[], 6_000);
    assert_eq!((told(&mut desk), load(&desk)), (vec!["three is 1".to_owned()], (1, 0)));
    desk.handle_timeout(Now(35_000));
    assert_eq!(told(&mut desk), ["three gets pbx"]);
}

#[test]
fn a_call_has_one_line_of_them_and_an_end_gives_each_back_by_itself() {
    let mut desk = pbx(3);
    find(&mut desk, "one", "orders", &[], 10);
    desk.bridged(&call("one"), &who("pbx"), Now(20));
    told(&mut desk);
    // They send the caller on to their own queue: the call waits until they have let it go.
    find(&mut desk, "one", "orders", &[], 30);
    assert_eq!((told(&mut desk), load(&desk)), (vec!["one is 1".to_owned()], (1, 2)));
    desk.release(&call("one"), &who("pbx"), AgentAfter::WrapUp, Now(40));
    assert_eq!(told(&mut desk), ["one gets pbx"]);
    find(&mut desk, "two", "orders", &[], 50);
    desk.ended(&call("one"), Now(60));
    assert_eq!(desk.view()[0].calls, [call("two")]);
}

#[test]
fn whoever_leaves_takes_no_further_call_on_any_line() {
    let mut desk = pbx(2);
    find(&mut desk, "one", "orders", &[], 10);
    assert!(desk.set_available(&who("pbx"), false, Now(20)));
    told(&mut desk);
    find(&mut desk, "two", "orders", &[], 30);
    assert_eq!(told(&mut desk), ["two gets nobody"]);
    desk.release(&call("one"), &who("pbx"), AgentAfter::Free, Now(40));
    assert_eq!((state(&desk, "pbx"), load(&desk)), (StateWord::Away, (0, 0)));
}

#[test]
fn on_a_page_it_is_one_call_whatever_the_telephone_takes() {
    let mut desk = pbx(3);
    desk.page(&who("pbx"), true, Now(5));
    assert!(desk.set_state(&who("pbx"), Own { available: true, reason: None, phone: Some(RingAt::Page) }, Now(5)));
    assert_eq!((desk.view()[0].capacity, load(&desk)), (1, (0, 1)));
    find(&mut desk, "one", "orders", &[], 10);
    find(&mut desk, "two", "orders", &[], 11);
    assert_eq!((told(&mut desk), load(&desk)), (vec!["one gets pbx".to_owned(), "two is 1".to_owned()], (1, 0)));
    // Its wrap-up is one, too.
    desk.bridged(&call("one"), &who("pbx"), Now(20));
    desk.release(&call("one"), &who("pbx"), AgentAfter::WrapUp, Now(30));
    assert_eq!((told(&mut desk), state(&desk, "pbx")), (NONE.map(str::to_owned).to_vec(), StateWord::WrapUp));
}
