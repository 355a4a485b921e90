//! What the company knows of a number, asked of systems that misbehave: whatever they do, the call only goes without it.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use warmline::{
    call::{
        event::{Event, Failure, Found},
        ids::RequestId,
    },
    lookup::{Crm, CrmOptions},
    order_service::OrderService,
};

use super::{Does, answer, service};

const NUMBER: &str = "+40721000111";

fn options(address: &str) -> CrmOptions {
    let fields = [("name", "customer.name"), ("vip", "customer.vip"), ("open_orders", "orders.open"), ("agent", "customer.agent")];
    CrmOptions {
        url: format!("{address}/customers/{{{{ number }}}}"),
        headers: vec![("x-tenant".to_owned(), "shop".to_owned())],
        key: Some("very-secret".to_owned()),
        timeout: Duration::from_secs(3),
        failures: 3,
        pause: Duration::from_secs(3_600),
        fields: fields.map(|(name, path)| (name.to_owned(), path.to_owned())).into(),
    }
}

async fn told(crm: &Crm) -> Result<BTreeMap<String, String>, Failure> {
    match crm.ask(RequestId(1), NUMBER).await {
        Event::LookedUp { id: RequestId(1), found: Found::Fields { fields } } => Ok(fields),
        Event::LookedUp { id: RequestId(1), found: Found::Nothing } => Ok(BTreeMap::new()),
        Event::Failed { id: RequestId(1), why } => Err(why),
        other => panic!("{other:?}"),
    }
}

async fn asked(does: Does) -> Result<BTreeMap<String, String>, Failure> {
    let (address, _) = service(does).await;
    told(&Crm::new(options(&address)).unwrap()).await
}

fn fields(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn the_example_service_knows_its_customers() {
    let folder = tempfile::tempdir().unwrap();
    let service = OrderService::open(&folder.path().join("orders.db"), ([127, 0, 0, 1], 0).into(), 1_795_344_360).await.unwrap();
    let address = format!("http://{}", service.address().unwrap());
    tokio::spawn(service.run());
    let crm = Crm::new(options(&address)).unwrap();
    assert_eq!(told(&crm).await, Ok(fields(&[("name", "Ana Pop"), ("vip", "true"), ("open_orders", "1"), ("agent", "maria")])));
    let unknown = crm.ask(RequestId(1), "+40700000000").await;
    assert!(matches!(unknown, Event::LookedUp { found: Found::Nothing, .. }), "{unknown:?}");
}

#[tokio::test]
async fn the_number_is_escaped_and_the_key_and_headers_go_along() {
    let (address, heard) = super::echo().await;
    told(&Crm::new(options(&address)).unwrap()).await.unwrap();
    let heard = heard.await.unwrap().to_lowercase();
    assert!(heard.starts_with("get /customers/%2b40721000111 http/1.1"), "{heard}");
    assert!(heard.contains("authorization: bearer very-secret") && heard.contains("x-tenant: shop"), "{heard}");
}

#[tokio::test]
async fn what_is_no_plain_value_is_left_out_and_markup_stays_text() {
    let long = format!(
        r#"{{"customer": {{"name": "<script>x</script>", "vip": [true], "agent": "{}"}}, "orders": {{"open": null}}}}"#,
        "x".repeat(201)
    );
    assert_eq!(asked(answer("200 OK", &long)).await, Ok(fields(&[("name", "<script>x</script>")])));
    let lines = r#"{"customer": {"name": "a\u0000b", "vip": "  ", "agent": "a\nb"}, "orders": {"open": 2}}"#;
    assert_eq!(asked(answer("200 OK", lines)).await, Ok(fields(&[("open_orders", "2")])));
}

#[tokio::test]
async fn wrong_answers_are_no_answers() {
    for (does, why) in [
        (answer("200 OK", "<html>"), Failure::BadAnswer),
        (answer("200 OK", "[1]"), Failure::BadAnswer),
        (answer("200 OK", ""), Failure::BadAnswer),
        (Does::Floods, Failure::BadAnswer),
        (answer("500 Internal Server Error", "{}"), Failure::Broken),
        (answer("401 Unauthorized", "{}"), Failure::Broken),
        (Does::ClosesFirst(usize::MAX, String::new()), Failure::Broken),
    ] {
        assert_eq!(asked(does.clone()).await, Err(why), "{does:?}");
    }
    assert_eq!(asked(answer("404 Not Found", "{}")).await, Ok(BTreeMap::new()));
    let nobody = Crm::new(options("http://127.0.0.1:1")).unwrap();
    assert_eq!(told(&nobody).await, Err(Failure::Broken));
}

#[tokio::test]
async fn who_never_finishes_is_given_up() {
    for does in [Does::Hangs, Does::Drips] {
        let (address, _) = service(does).await;
        let crm = Crm::new(CrmOptions { timeout: Duration::from_millis(200), ..options(&address) }).unwrap();
        assert_eq!(told(&crm).await, Err(Failure::TimedOut));
    }
}

#[tokio::test]
async fn a_redirect_takes_number_and_key_nowhere() {
    let (elsewhere, seen) = service(answer("200 OK", "{}")).await;
    let away = Does::Answers(format!("HTTP/1.1 302 Found\r\nLocation: {elsewhere}/\r\nContent-Length: 0\r\n\r\n"));
    assert_eq!(asked(away).await, Err(Failure::Broken));
    assert_eq!(seen.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_system_that_fails_again_and_again_is_left_in_peace() {
    let (address, seen) = service(answer("500 Internal Server Error", "{}")).await;
    let crm = Crm::new(options(&address)).unwrap();
    for _ in 0..3 {
        assert_eq!(told(&crm).await, Err(Failure::Broken));
    }
    for _ in 0..5 {
        assert_eq!(told(&crm).await, Err(Failure::Overloaded));
    }
    assert_eq!(seen.load(Ordering::SeqCst), 3);
    // After the pause it is asked again, and one good answer makes all well.
    let unwell = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}".to_owned();
    let (address, seen) = service(Does::UnwellFirst(3, unwell)).await;
    let crm = Arc::new(Crm::new(CrmOptions { pause: Duration::ZERO, ..options(&address) }).unwrap());
    for _ in 0..3 {
        assert_eq!(told(&crm).await, Err(Failure::Broken));
    }
    assert_eq!(told(&crm).await, Ok(BTreeMap::new()));
    assert_eq!(seen.load(Ordering::SeqCst), 4);
}

#[test]
fn headers_that_are_none_are_refused() {
    let wrong = CrmOptions { headers: vec![("a b".to_owned(), "c".to_owned())], ..options("http://127.0.0.1:1") };
    assert_eq!(Crm::new(wrong).unwrap_err().to_string(), "the header `a b` is none");
}
