//! `warmline flow check`: every mistake, where it is, and what to do.

use warmline::call::flow::Flow;

use super::{SMALL, example, mistakes, with};

/// The line of a text in the flow, from 1.
fn line_of(text: &str, part: &str) -> usize {
    text.lines().position(|line| line.contains(part)).map(|line| line + 1).unwrap_or_else(|| panic!("{part:?} is not there"))
}

/// Breaks one thing, and expects one mistake, on the line that holds `at`, with these words in message and hint.
fn broken(from: &str, to: &str, at: &str, message: &str, hint: &str) {
    let text = with(from, to);
    let found = mistakes(&text);
    let first =
        found.iter().find(|mistake| mistake.message.contains(message)).unwrap_or_else(|| panic!("{message:?} is not among {found:#?}"));
    assert_eq!(first.place.line, line_of(&text, at), "{first}");
    assert!(first.place.column >= 1);
    let help = first.hint.clone().unwrap_or_default();
    assert!(help.contains(hint), "{first}: hint {help:?} lacks {hint:?}");
    assert_eq!(found.len(), 1, "{found:#?}");
}

#[test]
fn the_example_and_the_small_flow_are_right() {
    assert!(Flow::parse(&example(), "support.en.yaml").is_ok());
    Flow::parse(SMALL, "small.yaml").unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
}

#[test]
fn form() {
    broken("services: [orders]", "servises: [orders]", "servises", "unknown key `servises`", "did you mean `services`?");
    broken("name: small\n", "name: [small]\n", "name: [small]", "this is a list, it must be a string", "");
    broken("label: e-mail address", "label: 7", "label: 7", "it must be a string", "in quotes");
    broken("    answer: Shipping costs 4 euros.\n", "", "  cost:", "`answer` is missing", "add `answer:`");
    broken(
        "say: A link was sent.",
        "say: If there is one, a link was sent.",
        "If there is one",
        "unknown key `a link was sent.`",
        "in quotes",
    );
    broken("read: email", "read: emial", "read: emial", "unknown word `emial`", "did you mean `email`?");
    broken("language: en", "language: xx", "language: xx", "no lexicon for the language `xx`", "cs, en, ro");
    broken("zone: \"+02:00\"", "zone: Mars/Base", "zone: Mars", "is no time zone", "Europe/Bucharest");
    let found = mistakes("name: [small\nlanguage: en\n");
    assert_eq!(found.len(), 1);
    assert!(found[0].message.starts_with("not YAML"), "{found:?}");
}

#[test]
fn names() {
    broken("go: email\n", "go: emial\n", "go: emial", "there is no node `emial`", "did you mean `email`?");
    let signed = "filler: \"One moment, {{ caller.sigend }}.\"";
    broken("filler: One moment.", signed, "sigend", "nothing tells `caller.sigend`", "did you mean `signed`?");
    broken(
        "services: [orders]",
        "services: [orders]\ncaller: { trunk: \"no\" }",
        "caller: {",
        "the network tells `caller.trunk`",
        "always there",
    );
    broken("ask: address,", "ask: adress,", "ask: adress", "there is no slot `adress`", "did you mean `address`?");
    broken("lookup: account,", "lookup: acount,", "lookup: acount", "there is no look-up `acount`", "did you mean `account`?");
    broken("human: orders", "human: oders", "human: oders", "there is no queue `oders`", "did you mean `orders`?");
    broken(
        "comes on {{ order.expected }}",
        "comes on {{ order.expcted }}",
        "expcted",
        "takes no field `expcted`",
        "did you mean `expected`?",
    );
    broken(
        "assistant of {{ company }}",
        "assistant of {{ compny }}",
        "compny",
        "no variable, slot or look-up `compny`",
        "did you mean `company`?",
    );
    broken("when: order.status ==", "when: ordr.status ==", "ordr", "no variable, slot or look-up `ordr`", "did you mean `order`?");
    broken("/accounts\"", "/{{ services.acounts }}\"", "services.acounts", "there is no service `acounts`", "");
    broken("when: order.status == \"shipped\"", "when: order.status = ", "order.status = ", "the condition is not right", "");
    broken("Shipping costs 4 euros.", "\"Shipping costs {{ 4 euros.\"", "costs {{", "the template is not right", "{{ name }}");
}

#[test]
fn meaning() {
    broken("[0-9]{5}\"", "[0-9{5}\"", "pattern:", "not a regular expression", "[0-9]{6}");
    broken("Has it been shipped?]", "where is my order]", "where is my order]", "“where is my order” is given twice", "remove one");
    broken(
        "[I forgot my password.]",
        "[has it been shipped]",
        "[has it been shipped]",
        "is also an example of `order_status`",
        "remove one",
    );
    broken("[What does shipping cost?]", "[operator]", "[operator]", "is also an example of `human_agent`", "");
    broken("examples: [Operator.]", "examples: []", "examples: []", "there are no examples", "10 to 20");
    broken("saturday: \"10:00-14:00\"", "saturday: \"14:00-10:00\"", "14:00-10:00", "ends before it begins", "");
    broken("saturday: \"10:00-14:00\"", "saturday: \"10-14\"", "\"10-14\"", "is not a time of day", "");
    broken("sunday: closed", "sonday: closed", "sonday", "not a day", "");
    broken("sunday: closed", "friday: closed", "monday-friday:", "is given twice", "");
    broken("\"12-25\":", "\"13-25\":", "13-25", "not a date", "");
    broken("least: 6, most: 6", "least: 7, most: 6", "least: 7", "`least` must be", "");
    broken("confirm_below: 0.7", "confirm_below: 7", "confirm_below: 7", "is not between 0 and 1", "");
    for tries in [0, 3, 9] {
        let wrong = format!("confirm_below: 0.7\n    tries: {tries}");
        broken("confirm_below: 0.7", &wrong, &format!("tries: {tries}"), "must be 1 or 2", "then come keys, and then a human");
    }
    broken("    notice: automation\n", "", "greeting:", "gives the notice `automation`", "callers must be told");
    broken("notice: automation", "notice: automatic", "notice: automatic", "there is no notice `automatic`", "");
}

#[test]
fn texts() {
    broken("say: I cannot find an order with this number.", "say: \"\"", "unknown: {", "the text is empty", "");
    broken("ask: What is your e-mail address?", "ask: \" \"", "ask: \" \"", "the text is empty", "");
    broken("queues:\n", "prompts: { goodbye: \"Bye {{ name }}\" }\nqueues:\n", "prompts:", "no variable, slot or look-up `name`", "");
    broken("queues:\n", "prompts: { godbye: Bye }\nqueues:\n", "prompts:", "unknown key `godbye`", "did you mean `goodbye`?");
}

#[test]
fn nodes() {
    broken("say: A link was sent.", "say: A link was sent., goto: human", "  sent: {", "does 2 things at once", "exactly one");
    broken("  sent: {", "  lost: { goto: sent }\n  sent: {", "lost:", "the node `lost` is never reached", "remove it");
    broken("why: the order service failed", "next: tell", "next: tell }", "`next` does not go with `human`", "");
    broken("found: sent, nothing: sent, ", "found: sent, ", "account: { lookup", "`nothing` is missing", "");
    broken("filler: One moment.", "timeout_ms: 9000", "timeout_ms", "must be from 1 to 3000", "the caller waits");
    broken("get: \"{{ services.orders }}/orders/", "get: \"http://{{ order_number }}/", "get:", "not an http address", "");
    broken(
        "      - go: prepared\n",
        "      - when: order.expected\n        go: prepared\n",
        "- when: order.expected",
        "nothing says where to go",
        "without `when`",
    );
    broken(
        "queues:\n  general: { label: customer service, default: true }",
        "queues:\n  general: { label: customer service }",
        "queues:",
        "0 queues are the default",
        "exactly one",
    );
}

#[test]
fn queues_in_conditions() {
    let when = |condition: &str| format!("      - when: {condition}\n        go: shipped\n");
    let was = when("order.status == \"shipped\"");
    for (condition, message, hint) in [
        ("queues.oders.open", "there is no queue `oders`", "did you mean `orders`?"),
        ("queues.orders.closed", "nothing tells `queues.orders.closed`", "write `queues.orders.open`"),
        ("queue.closed", "there is no variable, slot or look-up `queue`", ""),
    ] {
        broken(&was, &when(condition), &format!("when: {condition}"), message, hint);
    }
}

#[test]
fn loops_that_never_listen() {
    let text = with("say: A link was sent.", "say: A link was sent., next: again }\n  again: { goto: sent");
    let found = mistakes(&text);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].message.contains("never listens"), "{}", found[0]);
    assert!(found[0].message.contains("sent") && found[0].message.contains("again"), "{}", found[0]);
    // A loop through a look-up waits, and look-ups are capped.
    let text = with("say: I cannot find an order with this number.", "say: I cannot find it., next: order_number");
    assert!(Flow::parse(&text, "flow.yaml").is_ok());
}

#[test]
fn no_way_to_a_human() {
    let text = SMALL
        .replace("human: { human: intent, why: the caller asked for a person }", "human: { say: There is nobody. }")
        .replace("trouble_human: { human: orders, why: the order service failed }", "trouble_human: { say: Sorry. }");
    let found = mistakes(&text);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].message.contains("leads to a human"));
}

#[test]
fn every_mistake_is_found_at_once_and_in_order() {
    let text = SMALL
        .replace("language: en", "languge: en")
        .replace("go: email\n", "go: emial\n")
        .replace("[0-9]{5}\"", "[0-9{5}\"")
        .replace("human: orders", "human: oders")
        .replace("least: 6, most: 6", "least: six, most: 6");
    let found = mistakes(&text);
    let lines: Vec<usize> = found.iter().map(|mistake| mistake.place.line).collect();
    assert!(lines.is_sorted(), "{lines:?}");
    let all = found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    for part in [
        "unknown key `languge`",
        "no node `emial`",
        "not a regular expression",
        "no queue `oders`",
        "the text “six”, it must be a whole number",
    ] {
        assert!(all.contains(part), "{part} is not in\n{all}");
    }
    assert_eq!(found.len(), 5, "what could not be read is not called unknown as well:\n{all}");
}

#[test]
fn critical_matters_are_checked() {
    let add = |rule: &str| format!("{SMALL}escalation:\n  critical:\n    x: {rule}\n");
    for (rule, message) in [
        ("{ phrases: ['/(/'] }", "not a regular expression"),
        ("{ intents: [nothing] }", "there is no intent `nothing`"),
        ("{ queue: nowhere, phrases: [a] }", "there is no queue `nowhere`"),
        ("{}", "nothing can match"),
        ("{ phrases: [\"\"] }", "the phrase is empty"),
    ] {
        let found = mistakes(&add(rule));
        assert!(found.iter().any(|mistake| mistake.message.contains(message)), "{rule}: {found:#?}");
    }
    let found = mistakes(&format!("{SMALL}escalation: {{ tone: true }}\n"));
    assert!(found[0].message.contains("tone_analysis"), "callers are told that tone is looked at: {found:#?}");
}

#[test]
fn a_mistake_is_drawn_with_its_line() {
    let text = with("human: orders", "human: oders");
    let found = mistakes(&text);
    let drawn = format!("{:?}", found[0].draw(&text));
    assert!(drawn.contains("oders") && drawn.contains("did you mean"), "{drawn}");
}

#[test]
fn times_that_no_call_could_be_held_with() {
    let turn = |line: &str| format!("name: small\nturn:\n  {line}\n");
    for (line, message) in [
        ("pause_ms: 5", "5 is not between 100 and 5000"),
        ("silence_ms: 600000", "600000 is not between 2000 and 60000"),
        ("barge_in_meant: 1.5", "1.5 is not between 0 and 1"),
        ("pause_sure_ms: 900", "450 is less than `pause_sure_ms`, which is 900"),
    ] {
        let found = mistakes(&with("name: small\n", &turn(line)));
        assert!(found.iter().any(|mistake| mistake.message.contains(message) && mistake.key.starts_with("turn.")), "{found:#?}");
    }
    let found = mistakes(&with("name: small\n", "name: small\nhandoff:\n  offers: 0\n"));
    assert!(found.len() == 1 && found[0].key == "handoff.offers", "{found:#?}");
    let found = mistakes(&with("name: small\n", "name: small\nhandoff:\n  ahead_s: { angry: 30, vip: 7200, \"critical:safety\": 60 }\n"));
    let keys: Vec<&str> = found.iter().map(|mistake| mistake.key.as_str()).collect();
    assert_eq!(keys, ["handoff.ahead_s.angry", "handoff.ahead_s.vip"], "{found:#?}");
}
