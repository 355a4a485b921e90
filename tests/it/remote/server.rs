//! An HTTP server that keeps what it was asked, and does what a test says.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use tokio::{io::AsyncReadExt, net::TcpListener};
use warmline::speech::remote::{BreakerOptions, Endpoint, Guarded, Key};

/// What a server does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Does {
    /// Status, content type, body.
    Answers(u16, &'static str, Vec<u8>),
    /// 429 with `Retry-After`, in seconds.
    IsCrowded(u64),
    /// Takes the request and says nothing.
    Hangs,
    /// Promises an answer, sends half of it, and is gone.
    Dies,
}

impl Does {
    pub(crate) fn json(body: &str) -> Self {
        Self::Answers(200, "application/json", body.as_bytes().to_vec())
    }
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

#[derive(Default)]
struct Inner {
    does: Mutex<VecDeque<Does>>,
    asked: Mutex<Vec<Asked>>,
}

/// A running server. The last thing that it is told to do it does for ever.
#[derive(Clone)]
pub(crate) struct Server {
    inner: Arc<Inner>,
    pub(crate) url: String,
}

impl Server {
    pub(crate) async fn start(does: &[Does]) -> Self {
        let inner = Arc::new(Inner { does: Mutex::new(does.iter().cloned().collect()), asked: Mutex::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let app = Router::new().fallback(answer).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { inner, url }
    }

    /// From now on it does this.
    pub(crate) fn does(&self, does: Does) {
        *self.inner.does.lock().unwrap() = VecDeque::from([does]);
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.inner.asked.lock().unwrap().clone()
    }
}

/// An engine that is waited for for a quarter of a second; nothing of what is asserted depends on it but that waiting ends.
pub(crate) fn endpoint(url: &str) -> Endpoint {
    Endpoint::new(url, Some(&Key::new("open-sesame".to_owned())), "Bearer", Duration::from_millis(250)).unwrap()
}

/// The same with patience, for servers that do answer.
pub(crate) fn patient(url: &str, scheme: &str) -> Endpoint {
    Endpoint::new(url, Some(&Key::new("open-sesame".to_owned())), scheme, Duration::from_secs(20)).unwrap()
}

pub(crate) fn guarded<E>(engine: E) -> Guarded<E> {
    Guarded::new("test", engine, BreakerOptions { failures: 2, rest: Duration::from_secs(3_600) })
}

/// An address where nobody listens.
pub(crate) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}/v1", listener.local_addr().unwrap())
}

/// Takes connections and closes each as soon as something came.
pub(crate) async fn closes() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 1_024]).await;
        }
    });
    url
}

async fn answer(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 8_000_000).await.unwrap();
    inner.asked.lock().unwrap().push(Asked { line: format!("{} {}", head.method, head.uri), headers: head.headers, body });
    let does = {
        let mut queue = inner.does.lock().unwrap();
        if queue.len() > 1 { queue.pop_front().unwrap() } else { queue[0].clone() }
    };
    match does {
        Does::Answers(status, kind, body) => (StatusCode::from_u16(status).unwrap(), [(header::CONTENT_TYPE, kind)], body).into_response(),
        Does::IsCrowded(seconds) => (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, seconds.to_string())]).into_response(),
        Does::Hangs => std::future::pending().await,
        Does::Dies => {
            let pieces = futures_util::stream::iter([Ok(Bytes::from_static(b"{\"te")), Err(std::io::Error::other("gone"))]);
            Body::from_stream(pieces).into_response()
        }
    }
}
