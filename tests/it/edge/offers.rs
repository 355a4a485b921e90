//! Offers that cannot be accepted hold nothing, and addresses in headers are never asked.

use std::{net::UdpSocket as Canary, sync::Arc, time::Duration};

use tokio::net::TcpListener;

use warmline::{
    call::ids::{AgentId, LegId},
    trunk::{Route, TrunkTable},
};
use warmline_sip::user_agent::Timers;

use super::support::{Caller, Edge, HERE, PATIENCE, offer};

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_offers_without_a_common_codec_take_no_port() {
    // Two ports for sound, and used ones rest for minutes: whoever keeps one costs a call.
    let mut edge = Edge::start(17_500..=17_503, Duration::from_secs(30)).await;
    let caller = Caller::new(edge.address()).await;
    let g729 = offer(caller.rtp.local_addr().unwrap(), "18");
    for n in 0..200 {
        let id = format!("g729-{n}");
        caller.send("INVITE", &id, 1, "", "", &g729).await;
        let answer = caller.hears().await;
        assert!(answer.starts_with("SIP/2.0 488") && answer.contains(&id), "{answer}");
    }
    assert!(edge.is_quiet());
    let mut taken = Vec::new();
    for id in ["first", "second"] {
        caller.send("INVITE", id, 1, "", "", &caller.offer()).await;
        taken.push(edge.answer().await);
        let answer = caller.answer_to(id, "1 INVITE").await;
        assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
        caller.confirm(id, &answer).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_goes_nowhere_is_refused_once_however_long_nobody_confirms_it() {
    let mut edge = Edge::with(17_504..=17_507, Duration::from_secs(30), |options| {
        let t1 = Duration::from_millis(10);
        options.sip.timers = Timers { t1, t2: t1, ..Timers::default() };
        options.trunks =
            Arc::new(TrunkTable::new(Vec::new(), Vec::new(), vec![Route { called: "support".to_owned(), ..Route::default() }]));
    })
    .await;
    let (stranger, mut caller) = (Caller::new(edge.address()).await, Caller::new(edge.address()).await);
    caller.called = "nobody".to_owned();
    for asked in ["first", "second"] {
        caller.send("INVITE", asked, 1, "", "", &caller.offer()).await;
        assert!(caller.hears().await.starts_with("SIP/2.0 404"));
    }
    // As often as it asks, with the same words.
    caller.send("INVITE", "second", 1, "", "", &caller.offer()).await;
    assert!(caller.hears().await.contains("Call-ID: second\r\n"));
    // Time passes: an answer that nobody confirms is sent again twenty times.
    stranger.send("INVITE", "unconfirmed", 1, "", "", &stranger.offer()).await;
    let _taken = edge.answer().await;
    for _ in 0..20 {
        assert!(stranger.hears().await.starts_with("SIP/2.0 200"));
    }
    assert!(edge.is_quiet() && caller.is_quiet(), "the refusal was said again");
}

#[tokio::test(flavor = "multi_thread")]
async fn bombs_in_session_descriptions_are_refused_at_the_door() {
    let mut edge = Edge::start(17_510..=17_513, Duration::from_secs(30)).await;
    let caller = Caller::new(edge.address()).await;
    let good = caller.offer();
    let bombs = [
        good.clone() + &"m=audio 4000 RTP/AVP 0\r\n".repeat(1_000),
        good.clone() + &"a=x\r\n".repeat(5_000),
        good.clone() + &"a=candidate:1 1 UDP 1 10.0.0.1 5 typ host\r\n".repeat(600),
        format!("{good}a=fmtp:0 {}\r\n", "x".repeat(20_000)),
        "hello".to_owned(),
        offer("224.0.0.1:4000".parse().unwrap(), "0"),
        offer("127.0.0.1:0".parse().unwrap(), "0"),
    ];
    for (n, bomb) in bombs.iter().enumerate() {
        let id = format!("bomb-{n}");
        caller.send("INVITE", &id, 1, "", "", bomb).await;
        let answer = loop {
            let message = caller.hears().await;
            if message.contains(&format!("Call-ID: {id}\r\n")) {
                break message;
            }
        };
        assert!(answer.starts_with("SIP/2.0 488") || answer.starts_with("SIP/2.0 400"), "{id}: {answer}");
    }
    assert!(edge.is_quiet());
    // Numbers that nothing may be divided by are no reason to refuse.
    let odd = good.clone() + "a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/0\r\na=ptime:0\r\na=maxptime:0\r\n";
    caller.send("INVITE", "zero", 1, "", "", &odd).await;
    let _taken = edge.answer().await;
    loop {
        let message = caller.hears().await;
        if message.contains("Call-ID: zero\r\n") {
            assert!(message.starts_with("SIP/2.0 200") && message.contains("a=ptime:20"), "{message}");
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_in_headers_are_never_asked() {
    let mut edge = Edge::start(17_520..=17_523, Duration::from_secs(30)).await;
    let caller = Caller::new(edge.address()).await;
    let (http, sip) = (TcpListener::bind((HERE, 0)).await.unwrap(), Canary::bind("127.0.0.77:0").unwrap());
    sip.set_nonblocking(true).unwrap();
    let (url, uri) = (format!("http://{}/x", http.local_addr().unwrap()), format!("sip:x@{}", sip.local_addr().unwrap()));
    let headers = format!(
        "Identity: e30.e30.AAAA;info=<{url}>;alg=ES256;ppt=shaken\r\nAlert-Info: <{url}>\r\nCall-Info: <{url}>;purpose=icon\r\n\
         Refer-To: <{uri}>\r\nReferred-By: <{uri}>\r\nRecord-Route: <{uri};lr>\r\nRoute: <{uri};lr>\r\nReply-To: <{uri}>\r\n\
         P-Asserted-Identity: <{uri}>\r\nDiversion: <{uri}>;reason=unconditional\r\n"
    );
    caller.send("INVITE", "urls", 1, "", &headers, &caller.offer()).await;
    let mut taken = edge.answer().await;
    let answer = caller.hears().await;
    let tag = caller.confirm("urls", &answer).await;
    caller.send("REFER", "urls", 2, &tag, &format!("Refer-To: <{uri}>\r\n"), "").await;
    assert!(caller.hears().await.starts_with("SIP/2.0 405"));
    caller.send("MESSAGE", "out-of-dialog", 1, "", &headers, "").await;
    assert!(caller.hears().await.starts_with("SIP/2.0 405"));
    // The call is ended by us, to where it came from: by then everything that would be asked has been asked.
    taken.legs.hang_up(LegId::CALLER).await;
    assert!(caller.hears().await.starts_with("BYE"));
    assert!(sip.recv_from(&mut [0; 16]).is_err(), "a third party was sent something");
    let asked = std::future::poll_fn(|context| std::task::Poll::Ready(http.poll_accept(context).is_ready())).await;
    assert!(!asked, "a URL was fetched");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stranger_says_of_itself_is_not_said_to_an_agent() {
    let mut edge = Edge::start(17_550..=17_557, Duration::from_secs(30)).await;
    let caller = Caller::new(edge.address()).await;
    let phone = tokio::net::UdpSocket::bind((HERE, 0)).await.unwrap();
    let said = "P-Asserted-Identity: <sip:+40219999@bank.example>\r\nRemote-Party-ID: <sip:+40219999@bank.example>;party=calling\r\n\
                Diversion: <sip:+40219999@bank.example>\r\nIdentity: +40219999\r\nX-Reason: +40219999\r\nUser-to-User: 2b3430323139393939\r\n\
                Subject: +40219999\r\nCall-Info: <http://bank.example>\r\n";
    caller.send("INVITE", "said", 1, "", said, &caller.offer()).await;
    let mut taken = edge.answer().await;
    let answer = caller.hears().await;
    caller.confirm("said", &answer).await;
    let agent = format!("sip:maria@{}", phone.local_addr().unwrap());
    taken.legs.dial(LegId(1), (AgentId("maria".to_owned()), agent), 5_000, "asks where an order is".to_owned(), None).await;
    let mut buffer = vec![0; 8_192];
    let (length, _) = tokio::time::timeout(PATIENCE, phone.recv_from(&mut buffer)).await.expect("a call in time").unwrap();
    let invite = String::from_utf8_lossy(&buffer[..length]);
    assert!(invite.starts_with("INVITE sip:maria@"), "{invite}");
    // Agents may hand the caller on, and telephones look there whether they may; callers hand nobody on.
    let allow = |message: &str| message.lines().find(|line| line.starts_with("Allow: ")).unwrap().to_owned();
    assert!(allow(&invite).contains("REFER") && !allow(&answer).contains("REFER"), "{invite}\n{answer}");
    assert!(["40219999", "bank.example", "2b3430323139393939"].iter().all(|word| !invite.contains(word)), "{invite}");
}
