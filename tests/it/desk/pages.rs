//! Agents whose page is not open: nobody is rung there, and nobody reads.

use warmline::desk::{Desk, Limits, Now, Own, Profile, Request, RingAt, StateWord};

use super::stories::{agent, asks, call, find, state, told, who};

/// So long a page may come back before nobody waits for it.
const COMES_BACK_MS: u64 = 10_000;

/// Maria, whose telephone is her page.
fn browser() -> Desk {
    Desk::new(Limits::default(), vec![Profile { target: "browser:maria".to_owned(), ..agent("maria", &["orders"]) }], Now(0))
}

fn reads(desk: &mut Desk, id: &str, at: u64) {
    desk.find(Request { reads: true, ..asks(id, "orders") }, Now(at));
}

#[test]
fn an_agent_whose_page_is_closed_is_no_available_agent() {
    let mut desk = browser();
    assert_eq!((state(&desk, "maria"), desk.view()[0].free), (StateWord::Closed, 0));
    // After a start her page may be on its way.
    find(&mut desk, "one", "orders", &[], 1_000);
    assert_eq!(told(&mut desk), ["one is 1"]);
    desk.page(&who("maria"), true, Now(2_000));
    assert_eq!(told(&mut desk), ["one gets maria"]);
    desk.ended(&call("one"), Now(3_000));
    assert_eq!(state(&desk, "maria"), StateWord::Available);

    desk.page(&who("maria"), false, Now(50_000));
    find(&mut desk, "two", "orders", &[], 51_000);
    assert_eq!((told(&mut desk), state(&desk, "maria")), (vec!["two is 1".to_owned()], StateWord::Closed));
    assert_eq!(desk.poll_timeout(), Some(Now(50_000 + COMES_BACK_MS)));
    desk.handle_timeout(Now(50_000 + COMES_BACK_MS));
    assert_eq!(told(&mut desk), ["two gets nobody"]);
    find(&mut desk, "three", "orders", &[], 80_000);
    assert_eq!(told(&mut desk), ["three gets nobody"]);
}

#[test]
fn a_page_that_is_loaded_again_costs_nobody_their_place() {
    let mut desk = browser();
    desk.page(&who("maria"), true, Now(0));
    desk.page(&who("maria"), false, Now(20_000));
    find(&mut desk, "one", "orders", &[], 21_000);
    find(&mut desk, "two", "orders", &[], 22_000);
    desk.page(&who("maria"), true, Now(23_000));
    assert_eq!(told(&mut desk), ["one is 1", "two is 2", "one gets maria", "two is 1"]);
}

#[test]
fn who_has_a_telephone_needs_no_page_unless_they_chose_it() {
    let mut desk = Desk::new(Limits::default(), vec![agent("maria", &["orders"])], Now(0));
    find(&mut desk, "one", "orders", &[], 60_000);
    assert_eq!(told(&mut desk), ["one gets maria"]);
    desk.ended(&call("one"), Now(61_000));
    let on_page = Own { available: true, reason: None, phone: Some(RingAt::Page) };
    assert!(desk.set_state(&who("maria"), on_page, Now(62_000)));
    find(&mut desk, "two", "orders", &[], 63_000);
    assert_eq!((told(&mut desk), state(&desk, "maria")), (vec!["two gets nobody".to_owned()], StateWord::Closed));
}

#[test]
fn what_is_to_be_read_goes_to_open_pages_only_and_a_page_that_closes_is_told_of() {
    let mut desk = Desk::new(Limits::default(), vec![agent("maria", &["orders"]), agent("dan", &["orders"])], Now(0));
    desk.page(&who("maria"), true, Now(0));
    reads(&mut desk, "one", 60_000);
    assert_eq!(told(&mut desk), ["one gets maria"]);
    // Dan has no page: there is nobody who reads but Maria.
    reads(&mut desk, "two", 61_000);
    assert_eq!(told(&mut desk), ["two is 1"]);
    desk.page(&who("maria"), false, Now(62_000));
    assert_eq!(told(&mut desk), ["one loses the page of maria"]);
    desk.handle_timeout(Now(62_000 + COMES_BACK_MS));
    assert_eq!(told(&mut desk), ["two gets nobody"]);
    reads(&mut desk, "three", 90_000);
    assert_eq!(told(&mut desk), ["three gets nobody"]);
}
