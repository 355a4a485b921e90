//! What a service knows is told only to who gives the second factor, and long answers are told in pieces.

use warmline::call::event::Found;

use super::{SMALL, mistakes, talk::Talk, with};

/// The small flow whose orders are told only with the e-mail address.
fn guarded() -> String {
    with(
        "    take: { status: order.status, expected: order.expected }\n",
        "    take: { status: order.status, expected: order.expected, mail: order.mail }\n    second_factor: { address: mail }\n",
    )
}

const FOUND: &[(&str, &str)] = &[("status", "shipped"), ("expected", "Friday"), ("mail", "jane@example.com")];

#[test]
fn an_order_is_told_to_who_gives_the_second_factor() {
    let mut talk = Talk::new(&guarded());
    talk.means("order_status", "where is my order four five seven one two nine");
    talk.found("order", FOUND);
    assert_eq!(talk.bot(), "What is your e-mail address?");
    assert!(talk.dialogue.facts().iter().all(|fact| !fact.name.starts_with("order.")), "nothing of the answer is known yet");
    talk.says("jane at example dot com").says("yes");
    assert!(talk.bot().starts_with("Order 457129 comes on Friday."), "{}", talk.bot());
}

#[test]
fn who_does_not_give_it_hears_what_callers_hear_for_whom_nothing_was_found() {
    let mut talk = Talk::new(&guarded());
    talk.means("order_status", "where is my order four five seven one two nine");
    talk.found("order", FOUND);
    talk.says("eve at example dot com").says("yes");
    assert_eq!(talk.bot(), "What is your e-mail address?");
    talk.says("mallory at example dot com").says("yes");
    assert!(talk.bot().starts_with("I cannot find an order with this number."), "{}", talk.bot());
    assert!(talk.dialogue.facts().iter().all(|fact| !fact.name.starts_with("order.")));
}

#[test]
fn who_guesses_numbers_does_not_hear_which_of_them_exist() {
    let guess = |answer: &dyn Fn(&mut Talk)| -> Vec<String> {
        let mut talk = Talk::new(&guarded());
        talk.means("order_status", "where is my order four five seven one two nine");
        answer(&mut talk);
        let mut heard = vec![talk.bot()];
        for address in ["eve", "mallory"] {
            talk.says(&format!("{address} at example dot com"));
            heard.push(talk.bot());
            talk.says("yes");
            heard.push(talk.bot());
        }
        // Another number is asked for then, in both cases.
        talk.means("order_status", "where is my order");
        heard.push(talk.bot());
        heard
    };
    let there = guess(&|talk| {
        talk.found("order", FOUND);
    });
    let not_there = guess(&|talk| {
        talk.service("order", Ok(Found::Nothing));
    });
    assert_eq!(there, not_there);
    assert_eq!(there[0], "What is your e-mail address?");
}

#[test]
fn mistakes_in_what_an_answer_must_be() {
    let wrong = with(
        "    filler: One moment.\n",
        "    filler: One moment please, I am just looking that up for you in our system.\n    answer: { statu: text, expected: day }\n    second_factor: { adress: mail }\n    retries: 9\n",
    );
    let found: Vec<String> = mistakes(&wrong).iter().map(|mistake| mistake.message.clone()).collect();
    for message in [
        "`take` has no field `statu`",
        "there is no kind `day`",
        "there is no slot `adress`",
        "`take` has no field `mail`",
        "must be from 0 to 3",
        "takes longer than 3 seconds to say",
    ] {
        assert!(found.iter().any(|found| found == message), "{message}: {found:#?}");
    }
}

#[test]
fn a_long_answer_is_told_in_pieces() {
    let sentence = "This is a sentence of an answer that takes a while to say.";
    let long = SMALL.replacen("answer: Shipping costs 4 euros.", &format!("answer: \"{}\"", [sentence; 6].join(" ")), 1);
    let mut talk = Talk::new(&format!("{long}longest_answer: 130\n"));
    talk.means("cost", "what does shipping cost");
    assert_eq!(talk.bot(), format!("{sentence} {sentence} Shall I go on?"));
    talk.says("yes please");
    assert_eq!(talk.bot(), format!("{sentence} {sentence} Shall I go on?"));
    talk.says("no thanks");
    assert_eq!(talk.bot(), "Is there anything else I can help you with?");
    let mut whole = Talk::new(&format!("{long}longest_answer: 0\n"));
    whole.means("cost", "what does shipping cost");
    assert!(!whole.bot().contains("Shall I go on?"));
}

#[test]
fn words_are_respelled_for_the_voice_alone() {
    let flow = format!("{SMALL}pronounce: {{ Nguyen: win, GmbH: gay em bay ha }}\nvocabulary: [Northwind]\n");
    let flow = warmline::call::flow::Flow::parse(&flow, "flow.yaml").unwrap();
    assert_eq!(flow.pronounced("Mister Nguyen, of Lamps GmbH.", 0), "Mister win, of Lamps gay em bay ha.");
    assert_eq!(flow.vocabulary.repair("I bought it from north wind."), "I bought it from Northwind.");
}
