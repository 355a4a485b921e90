//! Look-ups against services that misbehave.

mod caps;
mod crm;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use warmline::{
    call::{
        action::{CallerCap, LookUp, LookUpRules, Method},
        event::{Event, Failure, Found},
        ids::RequestId,
    },
    lookup::LookUps,
};

/// What the service does with the connection that has sent its request.
#[derive(Debug, Clone)]
enum Does {
    Answers(String),
    /// Takes the request and says nothing.
    Hangs,
    /// Closes without a word, so many times; then answers.
    ClosesFirst(usize, String),
    /// Says that it is unwell, so many times; then answers.
    UnwellFirst(usize, String),
    /// Sends zeros until nobody takes them.
    Floods,
    /// A byte now and then, for ever.
    Drips,
}

/// A service, and how many requests it has seen.
async fn service(does: Does) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, does.clone(), Arc::clone(&count)));
        }
    });
    (address, seen)
}

async fn serve(mut stream: TcpStream, does: Does, seen: Arc<AtomicUsize>) -> std::io::Result<()> {
    let mut request = vec![0; 8_192];
    let length = stream.read(&mut request).await?;
    let number = seen.fetch_add(1, Ordering::SeqCst);
    match does {
        Does::Answers(answer) => {
            let said = String::from_utf8_lossy(&request[..length]).into_owned();
            let body = said.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            stream.write_all(answer.replace("BODY", body).as_bytes()).await?;
        }
        Does::Hangs => std::future::pending().await,
        Does::ClosesFirst(times, _) if number < times => {}
        Does::UnwellFirst(times, _) if number < times => {
            stream.write_all(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await?;
        }
        Does::ClosesFirst(_, answer) | Does::UnwellFirst(_, answer) => stream.write_all(answer.as_bytes()).await?,
        Does::Floods => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n").await?;
            for _ in 0..160 {
                stream.write_all(&[b' '; 65_536]).await?;
            }
        }
        Does::Drips => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
            let mut drip = tokio::time::interval(std::time::Duration::from_millis(20));
            loop {
                drip.tick().await;
                stream.write_all(b" ").await?;
            }
        }
    }
    stream.shutdown().await
}

/// A service that knows nothing, and what its first request was.
async fn echo() -> (String, tokio::sync::oneshot::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (heard, hear) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 8_192];
        let length = stream.read(&mut request).await.unwrap();
        stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        heard.send(String::from_utf8_lossy(&request[..length]).into_owned()).unwrap();
    });
    (address, hear)
}

fn answer(status: &str, body: &str) -> Does {
    Does::Answers(format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nContent-Type: application/json\r\n\r\n{body}", body.len()))
}

fn look_up(url: String, method: Method) -> LookUp {
    let one = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
    LookUp {
        name: "order".to_owned(),
        method,
        url,
        body: one("number", "457129"),
        take: one("status", "order.status"),
        timeout_ms: 3_000,
        private: false,
        rules: LookUpRules::default(),
    }
}

async fn asked(does: Does) -> Result<Found, Failure> {
    let (url, _) = service(does).await;
    ask(&look_up(url, Method::Get)).await
}

async fn ask(request: &LookUp) -> Result<Found, Failure> {
    match LookUps::new().unwrap().ask(RequestId(9), request).await {
        Event::LookedUp { id: RequestId(9), found } => Ok(found),
        Event::Failed { id: RequestId(9), why } => Err(why),
        other => panic!("{other:?}"),
    }
}

fn status(text: &str) -> Found {
    Found::Fields { fields: BTreeMap::from([("status".to_owned(), text.to_owned())]) }
}

const SHIPPED: &str = r#"{"order": {"status": "shipped", "more": [1, 2]}}"#;

#[tokio::test]
async fn an_answer_gives_its_fields_and_404_gives_nothing() {
    assert_eq!(asked(answer("200 OK", SHIPPED)).await, Ok(status("shipped")));
    assert_eq!(asked(answer("404 Not Found", "no")).await, Ok(Found::Nothing));
}

#[tokio::test]
async fn failures_are_told_apart() {
    assert_eq!(asked(answer("500 Internal Server Error", SHIPPED)).await, Err(Failure::Broken));
    assert_eq!(asked(answer("403 Forbidden", SHIPPED)).await, Err(Failure::Broken));
    assert_eq!(asked(answer("200 OK", "<html>maintenance</html>")).await, Err(Failure::BadAnswer));
    assert_eq!(asked(answer("200 OK", r#"{"order": {}}"#)).await, Err(Failure::BadAnswer));
    assert_eq!(asked(answer("200 OK", &SHIPPED[..20])).await, Err(Failure::BadAnswer));
    assert_eq!(asked(Does::Answers("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{".to_owned())).await, Err(Failure::Broken));
    assert_eq!(asked(Does::Answers("rubbish\r\n\r\n".to_owned())).await, Err(Failure::Broken));
    for url in ["http://127.0.0.1:1/", "ftp://127.0.0.1/", "not an address", "http://"] {
        assert_eq!(ask(&look_up(url.to_owned(), Method::Get)).await, Err(Failure::Broken), "{url}");
    }
}

/// A service of TLS with a certificate that nobody vouches for, and how many requests it has read.
async fn self_signed() -> (String, Arc<AtomicUsize>) {
    let (folder, made) = (tempfile::tempdir().unwrap(), rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap());
    let (certificate, key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(warmline_sip::user_agent::server_of(&certificate, &key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, seen) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut secured) = acceptor.accept(stream).await else { continue };
            if secured.read(&mut [0; 8_192]).await.is_ok_and(|length| length > 0) {
                count.fetch_add(1, Ordering::SeqCst);
                let _ = secured.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await;
            }
        }
    });
    (format!("https://{address}"), seen)
}

#[tokio::test]
async fn a_service_whose_tls_is_wrong_is_not_believed_and_learns_nothing() {
    let (url, seen) = self_signed().await;
    assert_eq!(ask(&look_up(url, Method::Get)).await, Err(Failure::Broken));
    assert_eq!(seen.load(Ordering::SeqCst), 0, "the number was sent to somebody for whom nobody vouches");
    // Where TLS is expected and plain HTTP is spoken.
    let (url, _) = service(answer("200 OK", SHIPPED)).await;
    assert_eq!(ask(&look_up(url.replace("http:", "https:"), Method::Get)).await, Err(Failure::Broken));
}

#[tokio::test]
async fn a_service_that_hangs_or_drips_costs_its_time_and_no_more() {
    for does in [Does::Hangs, Does::Drips] {
        let (url, _) = service(does).await;
        let request = LookUp { timeout_ms: 200, ..look_up(url, Method::Get) };
        assert_eq!(ask(&request).await, Err(Failure::TimedOut));
    }
}

#[tokio::test]
async fn ten_megabytes_are_not_read() {
    assert_eq!(asked(Does::Floods).await, Err(Failure::BadAnswer));
    let announced = "HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n".to_owned();
    assert_eq!(asked(Does::Answers(announced)).await, Err(Failure::BadAnswer));
}

#[tokio::test]
async fn a_get_is_tried_twice_and_a_post_once() {
    let good = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{SHIPPED}", SHIPPED.len());
    let (url, seen) = service(Does::ClosesFirst(1, good.clone())).await;
    assert_eq!(ask(&look_up(url, Method::Get)).await, Ok(status("shipped")));
    assert_eq!(seen.load(Ordering::SeqCst), 2);
    let (url, seen) = service(Does::ClosesFirst(5, good.clone())).await;
    assert_eq!(ask(&look_up(url, Method::Get)).await, Err(Failure::Broken));
    assert_eq!(seen.load(Ordering::SeqCst), 2);
    let (url, seen) = service(Does::ClosesFirst(1, good)).await;
    assert_eq!(ask(&look_up(url, Method::Post)).await, Err(Failure::Broken));
    assert_eq!(seen.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_get_is_tried_again_as_often_as_the_flow_says_and_never_longer_than_its_time() {
    let good = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{SHIPPED}", SHIPPED.len());
    for (unwell, retries, seen_in_all, found) in
        [(2, 2, 3, Ok(status("shipped"))), (2, 1, 2, Err(Failure::Broken)), (1, 0, 1, Err(Failure::Broken))]
    {
        let (url, seen) = service(Does::UnwellFirst(unwell, good.clone())).await;
        let rules = LookUpRules { retries, ..LookUpRules::default() };
        assert_eq!(ask(&LookUp { rules, ..look_up(url, Method::Get) }).await, found);
        assert_eq!(seen.load(Ordering::SeqCst), seen_in_all);
    }
    let (url, _) = service(Does::UnwellFirst(1_000, good)).await;
    let rules = LookUpRules { retries: 1_000, ..LookUpRules::default() };
    let request = LookUp { timeout_ms: 250, rules, ..look_up(url, Method::Get) };
    assert_eq!(ask(&request).await, Err(Failure::TimedOut));
}

#[tokio::test]
async fn a_caller_who_asks_too_often_is_not_asked_for() {
    let (url, seen) = service(answer("200 OK", SHIPPED)).await;
    let lookups = LookUps::new().unwrap();
    let by = |caller: &str| LookUpRules {
        caller: Some(caller.to_owned()),
        per_caller: Some(CallerCap { most: 2, minutes: 60 }),
        ..LookUpRules::default()
    };
    let mut answers = Vec::new();
    for caller in ["+40721", "+40721", "+40721", "+40722"] {
        let request = LookUp { rules: by(caller), ..look_up(url.clone(), Method::Get) };
        answers.push(matches!(lookups.ask(RequestId(1), &request).await, Event::LookedUp { .. }));
    }
    assert_eq!(answers, [true, true, false, true]);
    assert_eq!(seen.load(Ordering::SeqCst), 3, "the service is not asked");
}

#[tokio::test]
async fn a_post_sends_its_fields_as_json() {
    let (url, _) = service(Does::Answers("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"order\": {\"status\": BODY}}".to_owned())).await;
    let mut request = look_up(url, Method::Post);
    request.take = BTreeMap::from([("number".to_owned(), "order.status.number".to_owned())]);
    let found = ask(&request).await;
    assert_eq!(found, Ok(Found::Fields { fields: BTreeMap::from([("number".to_owned(), "457129".to_owned())]) }));
}

#[tokio::test]
async fn redirects_stay_on_the_host() {
    let (elsewhere, seen) = service(answer("200 OK", SHIPPED)).await;
    let elsewhere = elsewhere.replace("127.0.0.1", "localhost");
    let redirect = Does::Answers(format!("HTTP/1.1 302 Found\r\nLocation: {elsewhere}/\r\nContent-Length: 0\r\n\r\n"));
    assert_eq!(asked(redirect).await, Err(Failure::Broken));
    assert_eq!(seen.load(Ordering::SeqCst), 0);
    let round = Does::Answers("HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n".to_owned());
    let (url, seen) = service(round).await;
    assert_eq!(ask(&look_up(url, Method::Get)).await, Err(Failure::Broken));
    assert!(seen.load(Ordering::SeqCst) <= 5);
}
