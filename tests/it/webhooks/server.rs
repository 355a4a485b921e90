//! A server that takes webhooks, or does what it is told instead.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Mutex as AsyncMutex, mpsc},
    task::JoinHandle,
};

/// What it does with the next request; when nothing is left, it takes everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behaviour {
    Take,
    Status(u16),
    /// Elsewhere on this very server, where it would be taken.
    Redirect,
    /// Says nothing, and keeps the connection.
    Hang,
    /// Closes the connection without a word.
    Close,
    /// Answers with something that is no HTTP.
    Garbage,
    /// 503, and seconds to wait.
    RetryAfter(u64),
}

/// A message that was taken.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) timestamp: u64,
    pub(super) signature: String,
    pub(super) kind: String,
    pub(super) text: String,
    pub(super) body: Value,
}

pub(super) struct Receiver {
    address: std::net::SocketAddr,
    messages: AsyncMutex<mpsc::Receiver<Message>>,
    asked: Arc<AtomicUsize>,
    taken: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Receiver {
    pub(super) async fn start(script: Vec<Behaviour>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, messages) = mpsc::channel(100);
        let (asked, taken) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let served = Served { script: Arc::new(Mutex::new(script.into())), sender, asked: Arc::clone(&asked), taken: Arc::clone(&taken) };
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(served.clone().serve(stream));
            }
        });
        Self { address, messages: AsyncMutex::new(messages), asked, taken, task }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// The next message that was taken.
    pub(super) async fn next(&self) -> Message {
        let next = async { self.messages.lock().await.recv().await.unwrap() };
        tokio::time::timeout(Duration::from_secs(30), next).await.expect("a message")
    }

    /// Requests so far.
    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::SeqCst)
    }

    /// Nobody is there any more.
    pub(super) async fn close(&self) {
        self.task.abort();
        while TcpStream::connect(self.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }
}

#[derive(Clone)]
struct Served {
    script: Arc<Mutex<VecDeque<Behaviour>>>,
    sender: mpsc::Sender<Message>,
    asked: Arc<AtomicUsize>,
    taken: Arc<AtomicUsize>,
}

impl Served {
    async fn serve(self, mut stream: TcpStream) {
        while let Some((head, text)) = request(&mut stream).await {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let next = self.script.lock().unwrap().pop_front().unwrap_or(Behaviour::Take);
            let answer = match next {
                Behaviour::Take => {
                    self.taken.fetch_add(1, Ordering::SeqCst);
                    let _nobody_reads_it = self.sender.send(message(&head, text)).await;
                    "HTTP/1.1 204 No Content\r\n\r\n".to_owned()
                }
                Behaviour::Status(status) => format!("HTTP/1.1 {status} No\r\nContent-Length: 2\r\n\r\nno"),
                Behaviour::Redirect => "HTTP/1.1 307 There\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n".to_owned(),
                Behaviour::RetryAfter(seconds) => format!("HTTP/1.1 503 No\r\nRetry-After: {seconds}\r\nContent-Length: 0\r\n\r\n"),
                Behaviour::Garbage => "?? no http ??\r\n\r\n".to_owned(),
                Behaviour::Close => return,
                Behaviour::Hang => return std::future::pending().await,
            };
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

/// Head and body of the next request; none when the other side has gone.
async fn request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let length: usize = field(&head, "content-length").parse().unwrap();
    while bytes.len() < end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some((head, String::from_utf8(bytes[end..].to_vec()).unwrap()))
}

fn field(head: &str, name: &str) -> String {
    let found = head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    });
    found.unwrap_or_default()
}

fn message(head: &str, text: String) -> Message {
    Message {
        id: field(head, "webhook-id"),
        timestamp: field(head, "webhook-timestamp").parse().unwrap(),
        signature: field(head, "webhook-signature"),
        kind: field(head, "content-type"),
        body: serde_json::from_str(&text).unwrap(),
        text,
    }
}
